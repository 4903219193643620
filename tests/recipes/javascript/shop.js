// The application under test: a page with a form that texts a code. Yours replaces it.
import { createServer } from "node:http";

const PAGE = `<!doctype html><title>Shop</title>
<form action="/sign-up"><label>Phone <input name="phone"></label><button>Text me a code</button></form>`;

/** Text a code to a phone; return whether the provider accepted it. */
export async function sendCode(phone, { url, key }) {
  const message = { content: "Your code is 481516", to: [{ mobile_number: phone }] };
  const headers = { "X-API-Key": key, "Content-Type": "application/json" };
  const body = JSON.stringify({ message });
  const response = await fetch(`${url}/transactional/sms/send`, { method: "POST", headers, body });
  return response.ok && (await response.json())[0].status === "sent";
}

/** Start the shop with the base URL and the key of the provider; return its server. */
export async function startShop(provider) {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://shop");
    response.setHeader("Content-Type", "text/html");
    if (pathname !== "/sign-up") return response.end(PAGE);
    const isSent = await sendCode(searchParams.get("phone"), provider);
    return response.end(isSent ? "We texted you a code." : "We cannot text to this number.");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
