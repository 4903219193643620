import { defineConfig } from "@playwright/test";

export default defineConfig({
  testMatch: "*.e2e.js",
  fullyParallel: true,
  workers: 4,
  // Leave `use` out to run the browsers that Playwright installs.
  use: { launchOptions: { executablePath: process.env.BROWSER_PROGRAM, args: ["--no-sandbox"] } },
});
