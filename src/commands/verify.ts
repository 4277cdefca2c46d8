// mailcert verify: what mail servers really serve, seen as a client sees it.
import { Option } from "commander";
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { keepingNothing } from "../cli/keeping-nothing.ts";
import { createProgress } from "../cli/progress.ts";
import { reportError } from "../cli/report-error.ts";
import { exitStatusHelp, list, wholeNumber } from "../cli/program.ts";
import type { Takes } from "../cli/takes.ts";
import { ownPath } from "../domain/own-path.ts";
import { Failure } from "../domain/failure.ts";
import { schemeWords } from "../domain/usual-ports.ts";
import { nagiosUnknown, verifyNagios } from "../reports/verify-nagios.ts";
import { verifyPlanDocument, verifyPlanText } from "../reports/verify-plan.ts";
import { type ReportFormat, verifyReports } from "../reports/verify-reports.ts";
import { count } from "../reports/verify-told.ts";
import { checkSummaries } from "../usecases/check-summaries.ts";
import { type VerifyWords, readableTargets, verifyRequest } from "../usecases/verify-request.ts";
import { verifyPlan } from "../usecases/verify-plan.ts";
import { type VerifyDeps, type VerifyRequest, verify } from "../usecases/verify.ts";
import { formatOf, notDryAndWritten, nothingEmpty } from "./verify-refusals.ts";
import { listedTargets, placeIn, verifyList, withListed } from "./verify-list.ts";
import { textWidth } from "../domain/wrap.ts";

const targetTakes: Takes = {
  names: "hosts",
  beginnings: [...schemeWords().map((scheme) => `${scheme}://`), "lmtp+unix:///"],
  namesBehind: "hosts",
};

export const command: CommandModule = {
  completion: {
    takes: {
      target: targetTakes,
      "--entry": { words: schemeWords },
      "--port": { beginnings: schemeWords().map((scheme) => `${scheme}=`) },
      "--sni": { names: "hosts" },
      "--expect": { words: ["live"], beginnings: ["sha256:"], files: "any" },
      "--check": { words: checkSummaries },
      "--skip": { words: checkSummaries },
      "--file": { words: ["-"], files: "any" },
    },
  },
  declare: (command) =>
    void command
      .argument(
        "[target...]",
        "host names (all their usual entry points) or URLs, lmtp+unix:///PATH for a socket; default: all that the configuration deploys",
      )
      .option("--mx <DOMAIN>", "every MX host of a mail domain, on port 25 (repeatable)", list)
      .option("--srv <DOMAIN>", "what a domain's SRV records lead mail programs to (repeatable)", list)
      .option(
        "--entry <LIST>",
        `only these of ${schemeWords().join(", ")}; or their ports. Without a target: of this host`,
        list,
      )
      .option("--address <IP>", "connect there, keep the name")
      .option("--port <PROTOCOL=PORT>", "another port than the usual one (repeatable)", list)
      .option("--ca-file <FILE>", "trust this too (repeatable)", list)
      .option("--only-ca <FILE>", "trust nothing else (repeatable)", list)
      .option("--sni <NAME>", 'send this name in TLS ("": none)')
      .option("--expect <WHAT>", "the leaf that must be served: FILE, sha256:HEX or live (repeatable)", list)
      .option(
        "--timeout <SECONDS>",
        "budget of each entry point (default 10, 45 on port 25)",
        wholeNumber("--timeout", 1, 3_600),
      )
      .option(
        "--quick",
        "one connection to each entry point, where two kinds of key would take two; DNS is not asked for DANE",
      )
      .option(
        "--full",
        "also old versions, weak ciphers and groups, command injection, other names: up to 15 connections each",
      )
      .option("--watch", "look again every 5 seconds, until Ctrl-C; ends with the status of the last look (text)")
      .option("--transcript", "show what is said in clear, up to TLS (text, json, ndjson)")
      .option("--ehlo <NAME>", "our name in EHLO (default: our address)")
      .option("--concurrency <N>", "connections at once (default 32)", wholeNumber("--concurrency", 1, 10_000))
      .option("--check <ID>", "only these checks (repeatable)", list)
      .option("--skip <ID>", "not these checks (repeatable)", list)
      .option(
        "--warn-days <N>",
        "warn when fewer days are left (instead of 1/4 of the lifetime)",
        wholeNumber("--warn-days", 0, 36_500),
      )
      .option(
        "--critical-days <N>",
        "fault when fewer days are left (instead of 1/8)",
        wholeNumber("--critical-days", 0, 36_500),
      )
      .addOption(new Option("--format <FORMAT>", "form of the report").choices(Object.keys(verifyReports)))
      .option("--output <FILE>", "write the report there")
      .option("--file <LIST>", "targets from a file, one a line (-: standard input); with ndjson: thousands of them")
      .addHelpText(
        "after",
        `
Examples:
  mailcert verify mail.example.org
  mailcert verify imaps://mail.example.org smtp://mx.example.org --ca-file ca.pem
${exitStatusHelp([0, 1, 64, 65, 69, 73, 75, 77, 78])}
With --format nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (nothing could be looked at).`,
      ),
  run: async (context) => {
    const format = formatOf(context);
    if (context.options["watch"] === true) return watch(context, format);
    notDryAndWritten(context, format);
    const look = () => lookAndReport(context, format);
    if (keepsLines(context, format)) return look();
    if (format !== "nagios") return keepingNothing(context.host, look);
    try {
      return await keepingNothing(context.host, look);
    } catch (error) {
      // A monitor shows what a plugin prints: that it could not look, which is neither well nor ill.
      if (!(error instanceof Failure)) throw error;
      const { status, text } = nagiosUnknown(error);
      context.output.text(text);
      return status;
    }
  },
};

/** Whoever mends something wants to see it mended, and the server is not to be tired out. */
const watchMs = 5_000;

/** A stopped list whose lines go to a file is gone on with. */
const keepsLines = ({ options }: Context, format: ReportFormat): boolean =>
  format === "ndjson" && options["file"] !== undefined && options["output"] !== undefined;

/** Ends with what the last look came to. */
const watch = async (context: Context, format: ReportFormat): Promise<number> => {
  const { host, options, globals } = context;
  const other = [
    ...(globals.dryRun ? ["--dry-run"] : []),
    ...(format === "text" ? [] : [`--format ${format}`]),
    ...["file", "output"].filter((name) => options[name] !== undefined).map((name) => `--${name}`),
  ][0];
  if (other !== undefined)
    throw new Failure("usage", `--watch shows text on a terminal: it does not go with ${other}`, {
      hints: ["leave one of them out; for monitors: a timer that runs `mailcert verify` with --format"],
    });
  let said = false;
  const output = {
    ...context.output,
    text: (text: string) => {
      said ||= text !== "";
      context.output.text(text);
    },
  };
  let status: number = exitStatus.done;
  for (let first = true; !host.signal.aborted; first = false) {
    // Each look with adapters of its own: what DNS and the configuration say may be what is being mended.
    const world = context.newWorld();
    if (host.stdout.isTTY) host.stdout.write("\u001b[H\u001b[2J");
    const time = host.now().toISOString().slice(0, 19).replace("T", " ");
    output.text(`${time} UTC, every ${watchMs / 1000} seconds until Ctrl-C`);
    said = false;
    try {
      status = await lookAndReport({ ...context, output, world: () => world }, format);
      // With --quiet: well, and not hanging.
      if (!said) output.text("nothing wrong was found");
    } catch (error) {
      if (host.signal.aborted) break;
      if (first || !(error instanceof Failure)) throw error;
      status = reportError(host, context.fitting(error));
    }
    await host.sleep(watchMs, host.signal).catch((error: unknown) => {
      if (!host.signal.aborted) throw error;
    });
  }
  return status;
};

const lookAndReport = async (context: Context, format: ReportFormat): Promise<number> => {
  nothingEmpty(context.options);
  const { options, globals, output, host } = context;
  const world = await context.world();
  const tools = await world.verifying();
  const listed = await listedTargets(context, world);
  const words = withListed(wordsOf(context), listed, format);
  const deps: VerifyDeps = {
    now: world.now,
    resolve: tools.resolve,
    dns: world.dns,
    probe: await world.probe(),
    further: tools.further,
    profile: tools.profile,
    signal: world.signal,
    step: (what) => output.step(what),
  };
  if (listed && format === "ndjson" && !globals.dryRun) return verifyList(context, world, deps, words, listed);
  if (listed) await readableTargets(world, words, placeIn(listed));
  const request = await verifyRequest(world, words);
  if (globals.dryRun) {
    const plan = await verifyPlan(deps, request);
    if (format === "json" || format === "ndjson") {
      output.text(JSON.stringify(verifyPlanDocument(plan), undefined, format === "json" ? 2 : undefined));
    } else output.text(verifyPlanText(plan));
    return exitStatus.done;
  }
  const result = await withProgress(context, request, (step) => verify({ ...deps, step }, request));
  const file = options["output"] as string | undefined;
  const onScreen = file === undefined;
  const limits = judges(request, "cert-expiry") ? (request.expiryDays ?? "share") : undefined;
  const report = await verifyReports[format](result, {
    text: {
      color: onScreen && output.color,
      width: onScreen ? output.width : textWidth,
      quiet: globals.quiet,
    },
    limits,
    renderHtml: tools.renderHtml,
  });
  if (file === undefined) output.text(report);
  else await tools.writeReport(ownPath(host, file), report.endsWith("\n") ? report : `${report}\n`);
  if (format === "nagios") return verifyNagios(result, limits).status;
  return result.ok ? exitStatus.done : exitStatus.findings;
};

/** Below that, a run is over before anybody wonders. */
const manyPlaces = 20;

/** Says how far a long run is, on a terminal. */
const withProgress = async <Result>(
  { host, globals, output }: Context,
  { wanted }: VerifyRequest,
  run: (step: (what: string) => void) => Promise<Result>,
): Promise<Result> => {
  const progress = createProgress(host, globals.quiet || globals.verbose || wanted.length < manyPlaces);
  let looked = 0;
  try {
    return await run((what) => {
      looked += 1;
      output.step(what);
      progress.show(`verify: ${count(looked, "entry point")} looked at`);
    });
  } finally {
    progress.clear();
  }
};

const judges = ({ check, skip }: VerifyRequest, id: string): boolean =>
  (check === undefined || check.includes(id)) && skip?.includes(id) !== true;

const wordsOf = ({ args, options, host }: Context): VerifyWords => {
  const files = (name: string): { readonly [key: string]: readonly string[] } => {
    const given = options[name] as readonly string[] | undefined;
    return given ? { [name === "caFile" ? "caFiles" : name]: given.map((path) => ownPath(host, path)) } : {};
  };
  const expect = options["expect"] as readonly string[] | undefined;
  const plain = Object.fromEntries(
    Object.entries({
      mx: options["mx"],
      srv: options["srv"],
      entries: options["entry"],
      ports: options["port"],
      address: options["address"],
      sni: options["sni"],
      timeoutSeconds: options["timeout"],
      quick: options["quick"],
      full: options["full"],
      transcript: options["transcript"],
      ehlo: options["ehlo"],
      check: options["check"],
      skip: options["skip"],
      warnDays: options["warnDays"],
      criticalDays: options["criticalDays"],
      concurrency: options["concurrency"],
    }).filter(([, value]) => value !== undefined),
  ) as Omit<VerifyWords, "targets">;
  return {
    targets: args,
    ...plain,
    ...files("caFile"),
    ...files("onlyCa"),
    ...(expect
      ? {
          expect: expect.map((text) => (text === "live" || text.startsWith("sha256:") ? text : ownPath(host, text))),
        }
      : {}),
  };
};
