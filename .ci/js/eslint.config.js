/** Rules for the JavaScript of the web UI, and for the recipe for Cypress. */

import cypress from "eslint-plugin-cypress";
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2025, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "arrow-body-style": "error",
      camelcase: ["error", { properties: "never", ignoreDestructuring: true }],
      "consistent-return": "error",
      "default-param-last": "error",
      eqeqeq: "error",
      "max-lines": ["error", 250],
      "no-console": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implicit-coercion": ["error", { boolean: false }],
      "no-implied-eval": "error",
      "no-lonely-if": "error",
      "no-loop-func": "error",
      "no-param-reassign": "error",
      "no-self-compare": "error",
      "no-shadow": ["error", { builtinGlobals: false }],
      "no-throw-literal": "error",
      "no-unneeded-ternary": "error",
      "no-unreachable-loop": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": ["error", { args: "all", caughtErrors: "all" }],
      "no-use-before-define": ["error", { functions: false }],
      "no-useless-concat": "error",
      "no-useless-rename": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-object-spread": "error",
      "prefer-template": "off",
      radix: "error",
      "require-atomic-updates": "off",
      "sort-imports": ["error", { ignoreDeclarationSort: true }],
      yoda: "error",
    },
  },
  { files: ["**/*.config.js"], languageOptions: { globals: globals.node } },
  { ...cypress.configs.recommended, files: ["**/*.cy.js", "**/cypress-support.js"] },
];
