// Runs methods of server adapters on a mail host: the lab bundles this file and starts it inside the host, as root, like mailcert itself.
// A line of JSON asks, a line answers; each question has an adapter of its own, which remembers nothing of the one before.
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";
import { isServerName, servers } from "../../src/servers/index.ts";
import type { Change, Installation, PlacedCertificate, ServedCertificate } from "../../src/servers/server.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { PolicyName } from "../../src/domain/tls-policy.ts";

interface Request {
  readonly id: number;
  readonly server: string;
  readonly method: string;
  readonly templates: string;
  readonly installation?: Installation;
  readonly certificate?: ServedCertificate;
  readonly bySni?: readonly ServedCertificate[];
  readonly placed?: readonly PlacedCertificate[];
  readonly change?: Change;
  readonly version?: string;
  readonly profile?: PolicyName;
}

const ipv6 = async (): Promise<boolean> =>
  Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === "IPv6"));

const call = async (request: Request): Promise<unknown> => {
  if (!isServerName(request.server)) throw new Error(`no server ${request.server}`);
  const render = createTemplates(request.templates);
  const server = servers[request.server].create({
    run: createRunProgram(process.env),
    render,
    ipv6,
    localAddresses: () => Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []),
  });
  const { installation, certificate, bySni, placed, change } = request;
  if (request.method === "detect") return server.detect();
  if (request.method === "snippet" && certificate) return server.snippet(certificate, request.version ?? "", bySni);
  if (installation === undefined) throw new Error("no installation");
  if (request.method === "listeners") return server.listeners(installation);
  if (request.method === "check") return server.check(installation);
  if (request.method === "harden") return server.harden?.(installation, request.profile ?? "intermediate");
  if (request.method === "reload") return server.reload(installation);
  if (request.method === "plan" && certificate) return server.plan(installation, certificate, bySni, placed);
  if (request.method === "readBack" && certificate) return server.readBack(installation, certificate, bySni, placed);
  if (request.method === "refresh" && certificate)
    return server.refresh?.(installation, [certificate, ...(bySni ?? [])]) ?? [];
  if (request.method === "apply" && change) return server.apply(installation, change);
  if (request.method === "revert" && change) return server.revert(installation, change);
  throw new Error(`no method ${request.method}`);
};

const answer = (request: Request): Promise<object> =>
  call(request).then(
    (value) => ({ value }),
    (error: unknown) => {
      if (!(error instanceof Failure))
        return { unexpected: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      return { failure: { kind: error.kind, message: error.message, hints: error.hints } };
    },
  );

createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line) as Request;
  void answer(request).then((said) => process.stdout.write(`${JSON.stringify({ id: request.id, ...said })}\n`));
});
