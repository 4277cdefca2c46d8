// What the GnuTLS of an Exim takes: its version by Exim's own word, its names for groups, and whether it refuses a priority string.
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import type { TlsLibrary } from "../../domain/tls-policy.ts";
import { fileFailure } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { libraryNames } from "../linked-library.ts";
import { identity } from "./configuration.ts";
import { hybridName } from "./policy-settings.ts";

/** `Library version: GnuTLS: Compile: 3.8.9` and, on the next line, `Runtime: 3.8.9`: the second is the one that is loaded. */
export const tlsLibraryOf = async (run: RunProgram, program: string): Promise<TlsLibrary | undefined> => {
  const { stdout, stderr } = await run(program, ["-d-all+expand", "-bV"]);
  const match = /Library version: (GnuTLS|OpenSSL): Compile: .*\n\s*Runtime: (?:OpenSSL )?(\d[\w.]*)/.exec(
    `${stdout}\n${stderr}`,
  );
  return match?.[1] === undefined || match[2] === undefined ? undefined : { name: match[1], version: match[2] };
};

/** A library that was built without it takes the name for a mistake, whatever its version. */
export const knowsHybrid = (run: RunProgram, program: string): Promise<boolean> =>
  libraryNames(run, program, "libgnutls", hybridName.slice("GROUP-".length));

/**
 * `exim -bV` passes over a priority string that GnuTLS refuses, and the daemon ends at its next SIGHUP. Waiting mode (-bw) reads it as the daemon does and
 * ends at once, for it is given no socket. @throws Failure `config` with GnuTLS's words.
 */
export const refuseCiphers = async (run: RunProgram, program: string, value: string): Promise<void> => {
  if (value === "") return;
  const folder = await mkdtemp(join(tmpdir(), "mailcert-exim-")).catch((error: unknown) => {
    throw fileFailure(error, "make a folder in", tmpdir());
  });
  try {
    await chmod(folder, 0o711);
    // It writes its logs as its own user; an older one opens them as root, wherever a link of somebody's leads.
    const logs = join(folder, "log");
    await mkdir(logs, { mode: 0o700 });
    const { user } = await identity(run, program);
    if (user !== undefined) await run("chown", ["--", user, logs]);
    const file = join(folder, "exim.conf");
    const log = join(logs, "%slog");
    await writeFile(file, `log_file_path = ${log}\ntls_advertise_hosts = *\ntls_require_ciphers = ${value}\n`, {
      mode: 0o644,
    });
    const { stdout, stderr } = await run(program, ["-C", file, "-bw"], { timeoutMs: 10_000 });
    const said = /tls_require_ciphers invalid: ([^\n]*)/.exec(`${stderr}\n${stdout}`)?.[1];
    if (said === undefined) return;
    throw new Failure(
      "config",
      `Exim would end at its next reload: tls_require_ciphers is invalid: ${clean(said, 300)}`,
      {
        hints: ["mend tls_require_ciphers; `exim4 -bP tls_require_ciphers` shows it, `exim4 -bV` does not complain"],
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
