// mailcert as a library: imported by its own name from another folder, about a real server; its document keeps the schema and its types.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VerifyDocument, VerifyOptions } from "../../bin/library.js";
import { complaints } from "../docs/schemas.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { makePki } from "../fakes/pki.ts";

const root = join(import.meta.dirname, "../..");
const name = "mail.example.org";
let dir = "";
let server: FakeServer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-library-"));
  mkdirSync(join(dir, "node_modules"));
  symlinkSync(root, join(dir, "node_modules/mailcert"));
  const pki = await makePki(name);
  writeFileSync(join(dir, "ca.pem"), pki.root.pem);
  server = await startServer(mailServer("imap", "starttls"), pki.served);
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Said {
  readonly document?: VerifyDocument;
  readonly error?: { readonly name: string; readonly kind?: string; readonly message: string };
  readonly stdout: string;
  readonly stderr: string;
}

/** In a program of its own, as a user has it. */
const call = async (
  targets: string | readonly string[],
  options: VerifyOptions & Record<string, unknown>,
  more = "",
): Promise<Said> => {
  const file = join(dir, "use.mjs");
  writeFileSync(
    file,
    `import { writeFileSync } from "node:fs";
import { verify } from "mailcert";
const options = ${JSON.stringify(options)};
${more}
const said = await verify(${JSON.stringify(targets)}, options).then(
  (document) => ({ document }),
  ({ name, kind, message }) => ({ error: { name, kind, message } }),
);
writeFileSync("said.json", JSON.stringify(said));
`,
  );
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: dir });
  const said = JSON.parse(readFileSync(join(dir, "said.json"), "utf8")) as Pick<Said, "document" | "error">;
  return { ...said, stdout, stderr };
};

const target = (): string => `imap://${name}:${server.port}`;

describe("verify", () => {
  test("a sound server: the document of --json, and nothing on the terminal", async () => {
    const { document, error, stdout, stderr } = await call(target(), {
      address: "127.0.0.1",
      onlyCa: join(dir, "ca.pem"),
      skip: ["st-auth-clear"],
    });
    expect({ error, stdout, stderr }).toEqual({ error: undefined, stdout: "", stderr: "" });
    expect(document && complaints(document)).toEqual([]);
    expect(document?.entries[0]).toMatchObject({ ok: true, mode: "starttls", leaf: { names: [name] } });
    expect(document?.ok).toBe(true);
  });

  test("what is wrong is in the document; a list of targets and of checks", async () => {
    const { document } = await call([target(), target()], { address: "127.0.0.1", check: ["cert-trust"] });
    expect(document?.ok).toBe(false);
    expect(document?.entries.flatMap(({ findings }) => findings.map(({ check }) => check))).toContain("cert-trust");
  });

  const wrong: readonly (readonly [string, string | readonly string[], Record<string, unknown>, RegExp])[] = [
    ["an option that there is not", "mail.example.org", { nonsense: 1 }, /no option "nonsense"/],
    ["no target", [], {}, /needs a host name/],
    ["a word that is none", "two words", {}, /has a space in it/],
    ["a check that there is not", "mail.example.org", { check: "cert-nothing" }, /cert-nothing/],
    ["a value like an option", "mail.example.org", { sni: "--mx" }, /--mx/],
  ];
  test.each(wrong)("%s is a VerifyError", async (_what, targets, options, message) => {
    const { error, stdout, stderr } = await call(targets, options);
    expect(error).toMatchObject({ name: "VerifyError", kind: "usage" });
    expect(error?.message).toMatch(message);
    expect(stdout + stderr).toBe("");
  });

  test("a signal ends it with its reason", async () => {
    const { error } = await call(
      target(),
      { address: "127.0.0.1" },
      "options.signal = AbortSignal.abort(new Error('enough'));",
    );
    expect(error).toMatchObject({ name: "Error", message: "enough" });
  });
});
