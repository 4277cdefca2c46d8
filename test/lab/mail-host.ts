// A throw-away mail host: one of the lab's Debian images in namespaces of its own, with a second machine on its wire.
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { runChild } from "./child.ts";
import type { ChildOptions, ChildResult } from "./child.ts";
import { labParts } from "./parts.ts";
import type { Suite } from "./parts.ts";
import { isBuilt, programLayer } from "./program.ts";
import type { BareHost } from "./program.ts";

export interface MailHostOptions {
  readonly suite: Suite;
  /** What the host's /etc/hosts says beside localhost; default `{"mail.example.org": "192.0.2.10"}`. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Also give both machines an IPv6 address (2001:db8::10 and ::20); default no. */
  readonly ipv6?: boolean;
  /** PID 1 is a real systemd, and the servers run as Debian's units; up in 2 s. Default: no init at all, up in 0.15 s. */
  readonly systemd?: boolean;
  /** Also certbot, lego and dehydrated, on trixie. */
  readonly clients?: boolean;
  /** Also slapd, prosody, vsftpd and INN's nnrpd, unpacked, on trixie; a test configures and starts them. */
  readonly neighbours?: boolean;
  /** Also testssl.sh, unpacked, on trixie. */
  readonly testssl?: boolean;
  /** Also Chromium and poppler's tools, unpacked, on trixie. */
  readonly browser?: boolean;
  /** Also p11-kit's `trust` and shellcheck, unpacked, on trixie. */
  readonly stores?: boolean;
  /** Also Thunderbird and Xvfb, unpacked, on trixie. */
  readonly thunderbird?: boolean;
  /** Also Exim 4, unpacked, on either suite, without the configuration that its packages' scripts make; a test configures and starts it. */
  readonly exim?: boolean;
  /** The same of OpenSMTPD; of Cyrus IMAP and Courier on trixie. */
  readonly cyrus?: boolean;
  readonly opensmtpd?: boolean;
  readonly courier?: boolean;
  /** Also nginx with its mail and stream modules, HAProxy and stunnel, unpacked; a test configures and starts them. */
  readonly proxies?: boolean;
  /** Also Postfix's SQLite client, sqlite3 and setfacl, on trixie. */
  readonly tables?: boolean;
  /** Also Java's runtime with keytool (in /usr/lib/jvm), and the compiler ecj, unpacked, on trixie. */
  readonly java?: boolean;
  /** Also mutt, msmtp, mbsync, fetchmail, OfflineIMAP, alpine and aerc, unpacked, on trixie. */
  readonly mailers?: boolean;
  /** Also zsh, fish and bash-completion, man, mandoc and groff, unpacked, on trixie. */
  readonly shells?: boolean;
  /** Also lintian, unpacked, on trixie. */
  readonly lintian?: boolean;
  /** Also an archive with trixie's mail servers in /opt/upgrade, on bookworm. */
  readonly upgrade?: boolean;
}

export interface ExecOptions extends ChildOptions {
  /** Run as this user of the host instead of root. */
  readonly user?: string;
}

export interface MailHost {
  readonly suite: Suite;
  /** 192.0.2.10, where mail.example.org leads. */
  readonly address: string;
  /** 192.0.2.20, the second machine. */
  readonly clientAddress: string;
  /** Host paths of the mail user: delivery to `alice@mail.example.org`, login as `alice`. */
  readonly user: { readonly name: string; readonly password: string };
  /** PID 1 of the host, as this machine sees it. */
  readonly pid: number;
  /** Runs argv, or a line for `sh -c`, as root. A status other than 0 is a result; only a missed deadline rejects. */
  exec(command: string | readonly string[], options?: ExecOptions): Promise<ChildResult>;
  /** The same, but a status other than 0 rejects; returns stdout. */
  must(command: string | readonly string[], options?: ExecOptions): Promise<string>;
  /** The same as exec on the second machine: same files, another network (192.0.2.20). */
  clientExec(command: string | readonly string[], options?: ExecOptions): Promise<ChildResult>;
  /** A long-running program; ends with the host, or when you kill it. */
  spawn(command: string | readonly string[], options?: ExecOptions): ChildProcessWithoutNullStreams;
  clientSpawn(command: string | readonly string[], options?: ExecOptions): ChildProcessWithoutNullStreams;
  /** Writes a file (through symlinks, as an editor would), with the folders above it; mode as octal text, default unchanged or 644. */
  write(path: string, content: string | Uint8Array, mode?: string): Promise<void>;
  read(path: string): Promise<string>;
  /** Starts the server as Debian's own script or unit does, and waits until the ports listen. */
  startDovecot(ports?: readonly number[]): Promise<void>;
  startPostfix(ports?: readonly number[]): Promise<void>;
  /** Runs the built program, which lies in /opt/mailcert as it was when the host started. */
  mailcert(args: readonly string[], options?: ExecOptions): Promise<ChildResult>;
  mailcertSpawn(args: readonly string[], options?: ExecOptions): ChildProcessWithoutNullStreams;
  /** What the servers logged so far. */
  log(): Promise<string>;
  /** Ends the host and everything in it. */
  stop(): Promise<void>;
}

const hostScript = fileURLToPath(new URL("host.sh", import.meta.url));
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const namespaces = ["--mount", "--uts", "--ipc", "--pid", "--root", "--wd"];

interface Init {
  readonly pid: number;
  readonly process: ChildProcessWithoutNullStreams;
}

/** `program`: the layer with mailcert in it. */
const startInit = async (options: MailHostOptions, program?: string): Promise<Init> => {
  const parts = await labParts();
  const node = options.suite === "bookworm" ? `${parts.node}/node` : "-";
  const fresh = "--net --mount --uts --ipc --pid --fork --kill-child --propagation unchanged".split(" ");
  const ipv6 = options.ipv6 === true ? "yes" : "no";
  const init = options.systemd === true ? ["systemd"] : [];
  // Layers of an overlay: the upper one first.
  const above = (
    [
      "clients",
      "neighbours",
      "testssl",
      "browser",
      "stores",
      "thunderbird",
      "exim",
      "cyrus",
      "opensmtpd",
      "courier",
      "proxies",
      "upgrade",
      "tables",
      "java",
      "mailers",
      "shells",
      "lintian",
    ] as const
  )
    .filter((layer) => options[layer])
    .map((layer) =>
      options.suite === "bookworm" && (layer === "exim" || layer === "opensmtpd" || layer === "proxies")
        ? parts[`bookworm${layer}`]
        : parts[layer],
    );
  const image = [...(program === undefined ? [] : [program]), ...above, parts[options.suite]].join(":");
  const argv = [...fresh, "bash", hostScript, image, parts.pebble, node, ipv6, ...init];
  const child = spawn("unshare", argv, { env: { PATH: path, LC_ALL: "C" }, stdio: "pipe", detached: true });
  let complaint = "";
  child.stderr.on("data", (part: Buffer) => (complaint = `${complaint}${part.toString()}`.slice(-4000)));
  const pid = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(Number(line.slice("ready ".length)));
    });
    child.on("error", reject);
    child.on("close", (status) => reject(new Error(`the mail host did not start (status ${status}): ${complaint}`)));
  });
  return { pid, process: child };
};

const stopInit = async ({ process: child }: Init): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdin.destroy();
  // --kill-child: PID 1 dies with unshare, and everything else with PID 1.
  const force = setTimeout(() => child.kill("SIGKILL"), 3000);
  await ended;
  clearTimeout(force);
};

/** nsenter waits for the program that it forked but hands no signal on: let `kill` reach the program itself. */
const signalInside = (child: ChildProcessWithoutNullStreams): ChildProcessWithoutNullStreams => {
  const killNsenter = child.kill.bind(child);
  child.kill = (signal = "SIGTERM") => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    try {
      const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
      return inside === "" ? killNsenter(signal) : process.kill(Number(inside.split(" ")[0]), signal);
    } catch {
      return false; // it has ended meanwhile
    }
  };
  return child;
};

/** No more than a Node that works: what a layer of the program is made in. */
const bootBare =
  (suite: Suite) =>
  async (layer: string): Promise<BareHost> => {
    const init = await startInit({ suite }, layer);
    return { pid: init.pid, stop: () => stopInit(init) };
  };

export const startMailHost = async (options: MailHostOptions): Promise<MailHost> => {
  const built = isBuilt();
  const init = await startInit(options, built ? await programLayer(options.suite, bootBare(options.suite)) : undefined);
  const argv = (net: string, command: string | readonly string[], { user }: ExecOptions): string[] => [
    "nsenter",
    `--target=${init.pid}`,
    ...namespaces,
    net,
    "--",
    ...(user === undefined ? [] : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"]),
    ...(typeof command === "string" ? ["sh", "-c", command] : command),
  ];
  const env = (given: ExecOptions): Record<string, string> => ({
    PATH: path,
    HOME: given.user === undefined ? "/root" : `/home/${given.user}`,
    LANG: "C.UTF-8",
    ...given.env,
  });
  const ownNet = "--net";
  const clientNet = `--net=/proc/${init.pid}/root/run/netns/client`;
  const execIn =
    (net: string) =>
    (command: string | readonly string[], given: ExecOptions = {}): Promise<ChildResult> =>
      runChild(argv(net, command, given), { ...given, env: env(given) });
  const spawnIn =
    (net: string) =>
    (command: string | readonly string[], given: ExecOptions = {}): ChildProcessWithoutNullStreams => {
      const [program = "", ...args] = argv(net, command, given);
      return signalInside(spawn(program, args, { env: env(given), cwd: "/", stdio: "pipe" }));
    };
  const exec = execIn(ownNet);
  const must = async (command: string | readonly string[], given: ExecOptions = {}): Promise<string> => {
    const { status, signal, stdout, stderr } = await exec(command, given);
    if (status === 0) return stdout;
    const line = typeof command === "string" ? command : command.join(" ");
    throw new Error(`${line}: ended with ${status ?? signal}\n${stdout}${stderr}`.trimEnd());
  };
  const write = async (file: string, content: string | Uint8Array, mode?: string): Promise<void> => {
    const script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && { [ -z "$2" ] || chmod "$2" "$1"; }';
    await must(["sh", "-c", script, "write", file, mode ?? ""], { input: content });
  };
  const waitForPorts = async (ports: readonly number[]): Promise<void> => {
    const script =
      'for i in $(seq 200); do missing=; for port; do [ -n "$(ss -Hltn "sport = :$port")" ] || missing=$port; done; ' +
      '[ -n "$missing" ] || exit 0; sleep 0.05; done; echo "nothing listens on port $missing"; tail -n 20 /var/log/mail.log || journalctl --no-pager --lines=20; exit 1';
    await must(["sh", "-c", script, "wait", ...ports.map(String)]);
  };
  const start = async (service: string, ports: readonly number[]): Promise<void> => {
    await must(options.systemd === true ? ["systemctl", "start", service] : [`/etc/init.d/${service}`, "start"]);
    await waitForPorts(ports);
  };
  const program = (args: readonly string[]): string[] => {
    if (!isBuilt()) throw new Error("the program is not built: npm run build");
    return ["mailcert", ...args];
  };
  const host: MailHost = {
    suite: options.suite,
    address: "192.0.2.10",
    clientAddress: "192.0.2.20",
    user: { name: "alice", password: "alice-secret" },
    pid: init.pid,
    exec,
    must,
    clientExec: execIn(clientNet),
    spawn: spawnIn(ownNet),
    clientSpawn: spawnIn(clientNet),
    write,
    read: (file) => must(["cat", "--", file]),
    startDovecot: (ports = [110, 143, 993, 995, 4190]) => start("dovecot", ports),
    startPostfix: (ports = [25]) => start("postfix", ports),
    mailcert: async (args, given) => exec(program(args), given),
    mailcertSpawn: (args, given) => spawnIn(ownNet)(program(args), given),
    log: () => must(options.systemd === true ? "journalctl --no-pager --facility=mail" : "cat /var/log/mail.log"),
    stop: () => stopInit(init),
  };
  const names = Object.entries(options.hosts ?? { "mail.example.org": host.address });
  const lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"];
  await write("/etc/hosts", [...lines, ...names.map(([name, address]) => `${address} ${name}`), ""].join("\n"));
  if (built) await must(["ln", "-s", "/opt/mailcert/bin/mailcert.js", "/usr/local/bin/mailcert"]);
  return host;
};
