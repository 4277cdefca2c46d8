// Running a program: one that leaves a daemon behind must not keep us from ending, one that is not there costs no process.
import { expect, it, vi } from "vitest";
import { createRunProgram } from "../../src/system/run.ts";

it("pipes that a daemon inherited are let go of", async () => {
  const pipes = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "PipeWrap").length;
  const before = pipes();
  const { status, stdout } = await createRunProgram(process.env)("sh", ["-c", "sleep 60 & echo $!"]);
  const daemon = Number(stdout);
  try {
    expect(status).toBe(0);
    await expect.poll(pipes, { timeout: 20_000 }).toBe(before);
    // Still alive: it was not the daemon's end that closed them.
    expect(process.kill(daemon, 0)).toBe(true);
  } finally {
    process.kill(daemon);
  }
});

it("a program that is not there is not installed, and no process is started to learn it", async () => {
  const modules = vi.spyOn(process, "getBuiltinModule");
  try {
    const asked = createRunProgram({ MAILCERT_PATH: "/usr/bin:/bin" })("no-such-server", ["--version"]);
    await expect(asked).rejects.toMatchObject({
      kind: "unavailable",
      message: "no-such-server is not installed",
      facts: { code: "ENOENT" },
    });
    const named = createRunProgram({})("/usr/lib/no-such-server", []);
    await expect(named).rejects.toMatchObject({ message: "/usr/lib/no-such-server is not installed" });
    expect(modules).not.toHaveBeenCalled();
    for (const program of ["sh", "/bin/sh", "bin/sh"]) {
      const found = await createRunProgram({ MAILCERT_PATH: "/nowhere:/bin" })(program, ["-c", "pwd; echo $PATH"]);
      expect(found).toMatchObject({ status: 0, stdout: "/\n/nowhere:/bin\n" });
    }
    expect(modules).toHaveBeenCalled();
  } finally {
    modules.mockRestore();
  }
});
