// mailcert dns: the records to publish for what is served, and what is published now.
import { Argument } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { keepingNothing } from "../cli/keeping-nothing.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { nameFromFlag } from "../domain/certificate-flags.ts";
import { Failure } from "../domain/failure.ts";
import { isIpName, isWildcard } from "../domain/names.ts";
import { dnsCheckDocument, dnsCheckText, dnsIsWell, dnsShowDocument, dnsShowText } from "../reports/dns.ts";
import { type DnsChecked, dnsCheck } from "../usecases/dns-check.ts";
import { dnsShow } from "../usecases/dns-show.ts";
import { chosenCertificates } from "./chosen-certificates.ts";

const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];

const domainsOf = (given: unknown): readonly string[] =>
  (given as readonly string[]).map((text) => {
    const domain = nameFromFlag(text);
    if (!isIpName(domain) && !isWildcard(domain)) return domain;
    throw new Failure("usage", `--domain: ${domain} is no mail domain`, {
      hints: ["for example: --domain example.org"],
    });
  });

export const command: CommandModule = {
  completion: { byAction: { show: ["--forms"] } },
  declare: (command) =>
    void command
      .addArgument(
        new Argument("<action>", "show what to publish, or check what is published").choices(["show", "check"]),
      )
      .argument("[name...]", "certificates (default: all)")
      .option("--domain <DOMAIN>", "mail domain, repeatable (default: the one the host's name stands in)", collect, [])
      .option("--forms", "show: fields as the web forms of DNS hosters ask for them")
      .addHelpText(
        "after",
        `
show prints TLSA, CAA, MTA-STS, TLS report and SRV records as a zone file takes
them, and changes nothing. check asks the name servers and holds what is there
against what is live.

Examples:
  mailcert dns show mail.example.org
  mailcert dns show --forms --domain example.net
  mailcert dns check
${exitStatusHelp([0, 1, 64, 65, 69, 75, 78])}`,
      ),
  run: async ({ args, options, output, host, world: open }) => {
    const [action, ...names] = args;
    const domains = domainsOf(options["domain"]);
    const forms = options["forms"] === true;
    if (forms && action === "check")
      throw new Failure("usage", "--forms goes with `dns show`", { hints: ["mailcert dns show --forms"] });
    const world = await open();
    const certificates = await chosenCertificates(world, names);
    if (action === "show") {
      const all = [];
      for (const certificate of certificates) all.push(await dnsShow(world, certificate, domains));
      output.result(dnsShowText(all, forms), dnsShowDocument(all));
      return exitStatus.done;
    }
    const all: DnsChecked[] = [];
    await keepingNothing(host, async () => {
      for (const certificate of certificates) all.push(await dnsCheck(world, certificate, domains));
    });
    const [first] = all;
    if (first && all.every(({ answered }) => !answered)) {
      const { message = "", hint } = first.findings[0] ?? {};
      throw new Failure("unavailable", `no question to the DNS was answered: ${message}`, {
        hints: hint === undefined ? [] : [hint],
      });
    }
    const ok = dnsIsWell(all);
    output.result(dnsCheckText(all), dnsCheckDocument(all), !ok);
    return ok ? exitStatus.done : exitStatus.findings;
  },
};
