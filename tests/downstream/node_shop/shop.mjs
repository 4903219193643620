// A shop in Node that texts a code: node shop.mjs PHONE CODE
export async function sendCode(phone, code, { SMS_URL, SMS_KEY } = process.env) {
  const answer = await fetch(`${SMS_URL}/transactional/sms/send`, {
    method: "POST",
    headers: { "X-API-Key": SMS_KEY, "Content-Type": "application/json" },
    body: JSON.stringify({ message: { content: `Your code is ${code}`, to: [{ mobile_number: phone }] } }),
  });
  if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
  return (await answer.json())[0];
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  console.log(JSON.stringify(await sendCode(process.argv[2], process.argv[3])));
}
