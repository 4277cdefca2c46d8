// Running a program that leaves a daemon behind: it must not keep us from ending.
import { expect, it } from "vitest";
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
