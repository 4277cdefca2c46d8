// mailcert dns: the records to publish for what is served, and what is published now.
import type { Command } from "commander";
import { withActions } from "../cli/actions.ts";
import type { Action, CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { keepingNothing } from "../cli/keeping-nothing.ts";
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

const takesNames = (command: Command): Command =>
  command
    .argument("[name...]", "certificates (default: all)")
    .option("--domain <DOMAIN>", "mail domain, repeatable (default: the one the host's name stands in)", collect, []);

const show = async ({ args: [, ...names], options, output, world: open }: Context): Promise<number> => {
  const domains = domainsOf(options["domain"]);
  const world = await open();
  const all = [];
  for (const certificate of await chosenCertificates(world, names))
    all.push(await dnsShow(world, certificate, domains));
  output.result(dnsShowText(all, options["forms"] === true), dnsShowDocument(all));
  return exitStatus.done;
};

const check = async ({ args: [, ...names], options, output, host, world: open }: Context): Promise<number> => {
  const domains = domainsOf(options["domain"]);
  const world = await open();
  const certificates = await chosenCertificates(world, names);
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
};

const actions: Readonly<Record<string, Action>> = {
  show: {
    summary: "the records to publish for what is served",
    declare: (command) =>
      void takesNames(command).option("--forms", "fields as the web forms of DNS hosters ask for them"),
    about: `It prints TLSA, CAA, MTA-STS, TLS report and SRV records as a zone file takes
them, and changes nothing.`,
    examples: ["mailcert dns show mail.example.org", "mailcert dns show --forms --domain example.net"],
    statuses: [0, 64, 65, 69, 75, 78],
    run: show,
  },
  check: {
    summary: "asks the name servers, and holds what is there against what is live",
    declare: (command) => void takesNames(command),
    examples: ["mailcert dns check", "mailcert dns check mail.example.org --domain example.net"],
    statuses: [0, 1, 64, 65, 69, 75, 78],
    run: check,
  },
};

export const command: CommandModule = withActions(actions);
