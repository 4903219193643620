// Sends the requests given as JSON on standard input with Node's own fetch, prints [status, text] or [0, error] for each.
const requests = JSON.parse(await new Response(process.stdin).text());
const answers = [];
for (const { url, method, headers, body } of requests) {
  try {
    const answer = await fetch(url, { method, headers, body });
    answers.push([answer.status, await answer.text()]);
  } catch (error) {
    answers.push([0, String(error.cause ?? error)]);
  }
}
console.log(JSON.stringify(answers));
