// The image as a generic container, here for Node. Testcontainers for Java, Go and .NET have the same four parts:
// image, exposed port, HTTP wait strategy, mapped port.
import { GenericContainer, Wait } from "testcontainers";

const mock = await new GenericContainer(process.env.MOCKSMS_IMAGE ?? "mocksms:0.1.0")
  .withExposedPorts(8972)
  .withWaitStrategy(Wait.forHttp("/_mock/health", 8972))
  .withStartupTimeout(30_000)
  .start();
try {
  const url = `http://${mock.getHost()}:${mock.getMappedPort(8972)}`;
  const response = await fetch(`${url}/rest/v1/transactional/sms/send`, {
    method: "POST",
    headers: { "X-API-Key": "node", "Content-Type": "application/json" },
    body: JSON.stringify({ message: { content: "Hello", to: [{ mobile_number: "972-50-0000000" }] } }),
  });
  console.log(JSON.stringify(await response.json()));
} finally {
  await mock.stop();
}
