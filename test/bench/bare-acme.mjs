// One certificate by acme-client alone: a new account, one ECDSA name, HTTP-01, its polling set to 50 ms.
// Arguments: directory URL, CA file, HTTP port, host name, file for the chain.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Agent } from "node:https";
import acme from "acme-client";

const [directoryUrl, caFile, port, name, out] = process.argv.slice(2);
acme.axios.defaults.httpsAgent = new Agent({ ca: readFileSync(caFile) });

const answers = new Map();
const server = createServer((request, response) => response.end(answers.get(request.url)));
await new Promise((resolve) => server.listen(Number(port), "127.0.0.1", resolve));

const client = new acme.Client({
  directoryUrl,
  accountKey: await acme.crypto.createPrivateEcdsaKey(),
  backoffMin: 50,
  backoffMax: 50,
  backoffAttempts: 100,
});
const [key, csr] = await acme.crypto.createCsr({ altNames: [name] }, await acme.crypto.createPrivateEcdsaKey());
const chain = await client.auto({
  csr,
  termsOfServiceAgreed: true,
  skipChallengeVerification: true,
  challengePriority: ["http-01"],
  challengeCreateFn: async (_authorization, challenge, answer) =>
    void answers.set(`/.well-known/acme-challenge/${challenge.token}`, answer),
  challengeRemoveFn: async () => undefined,
});
writeFileSync(out, `${key}${chain}`, { mode: 0o600 });
server.close();
server.closeAllConnections();
