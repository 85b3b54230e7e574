// SPDX-License-Identifier: Apache-2.0
// What a receiver does: checks a webhook's signature with the library of the Standard Webhooks project. Takes
// {secret, now, headers, body} on standard input, `now` in seconds, and prints "good" or what the library says.
const { Webhook } = require(process.argv[2] + "/node_modules/standardwebhooks");
const request = JSON.parse(require("fs").readFileSync(0, "utf8"));
Date.now = () => request.now * 1000;
try {
	new Webhook(request.secret).verify(request.body, request.headers);
	console.log("good");
} catch (error) {
	console.log(error.message);
}
