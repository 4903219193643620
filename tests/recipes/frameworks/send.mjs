const response = await fetch(`${process.env.SMS_URL}/transactional/sms/send`, {
  method: "POST",
  headers: { "X-API-Key": process.env.SMS_KEY, "Content-Type": "application/json" },
  body: JSON.stringify({ message: { content: "Your code is 108108", to: [{ mobile_number: process.argv[2] }] } }),
});
if (!response.ok) process.exit(1);
