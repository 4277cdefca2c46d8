// Where the lab's images and programs lie; builds what is missing (build.sh).
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export type Suite = "bookworm" | "trixie";

/** Paths in the lab's cache: the images' roots, Pebble's programs, zlint, Node 20 for bookworm; layers over trixie: tables (SQLite for Postfix, setfacl), Java, mail programs of the terminal, other shells with readers of manual pages, lintian, other ACME clients, servers beside mail, testssl.sh, a browser, p11-kit and shellcheck, Thunderbird, Exim, Cyrus, OpenSMTPD, Courier, proxies; layers over bookworm: an archive of trixie's mail servers, Exim, OpenSMTPD, proxies. */
export type LabParts = Readonly<
  Record<
    | Suite
    | "pebble"
    | "zlint"
    | "node"
    | "clients"
    | "neighbours"
    | "testssl"
    | "browser"
    | "stores"
    | "thunderbird"
    | "exim"
    | "cyrus"
    | "opensmtpd"
    | "courier"
    | "upgrade"
    | "proxies"
    | "tables"
    | "java"
    | "mailers"
    | "shells"
    | "lintian"
    | "bookwormexim"
    | "bookwormopensmtpd"
    | "bookwormproxies",
    string
  >
>;

const names: readonly (keyof LabParts)[] = [
  "bookworm",
  "trixie",
  "pebble",
  "zlint",
  "node",
  "clients",
  "neighbours",
  "testssl",
  "browser",
  "stores",
  "thunderbird",
  "exim",
  "proxies",
  "bookwormproxies",
  "cyrus",
  "opensmtpd",
  "courier",
  "upgrade",
  "tables",
  "java",
  "mailers",
  "shells",
  "lintian",
  "bookwormexim",
  "bookwormopensmtpd",
];
const script = fileURLToPath(new URL("build.sh", import.meta.url));

let known: Promise<LabParts> | undefined;

const find = async (): Promise<LabParts> => {
  const { stdout } = await promisify(execFile)("bash", [script], { maxBuffer: 1 << 20 });
  const found = new Map(stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
  return Object.fromEntries(
    names.map((name) => {
      const path = found.get(name);
      if (path === undefined) throw new Error(`build.sh did not say where ${name} is:\n${stdout}`);
      return [name, path];
    }),
  ) as unknown as LabParts;
};

export const labParts = (): Promise<LabParts> => (known ??= find());
