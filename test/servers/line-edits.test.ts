// Lines that belong together: replaced and put back in one write, or not at all.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type LineChange, applyLine, revertLine } from "../../src/servers/edits.ts";
import { describeChange, describeRevert } from "../../src/domain/describe-change.ts";

const text = "mail {\n  key /old;\n  protocols all;\n  cert /old;\n}\n";
const changed = "mail {\n  include ours;\n  protocols all;\n# mailcert:   cert /old;\n}\n";

describe("lines that belong together", () => {
  let path = "";
  let change: LineChange;
  const now = (): Promise<string> => readFile(path, "utf8");
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), "mailcert-lines-")), "mail.conf");
    await writeFile(path, text);
    const also = [{ line: 4, before: "  cert /old;", after: "# mailcert:   cert /old;" }];
    change = { kind: "line", path, line: 2, before: "  key /old;", after: "  include ours;", also };
  });

  test("together there and back, as often as one likes", async () => {
    for (const _ of [1, 2]) {
      await applyLine(change);
      expect(await now()).toBe(changed);
    }
    for (const _ of [1, 2]) {
      expect(await revertLine(change)).toBe("reverted");
      expect(await now()).toBe(text);
    }
  });

  test("one that changed meanwhile: none is written", async () => {
    const theirs = text.replace("cert /old", "cert /new");
    await writeFile(path, theirs);
    await expect(applyLine(change)).rejects.toMatchObject({ kind: "try-later" });
    expect(await now()).toBe(theirs);
  });

  test("lines above that came since are no trouble; half of it that somebody changed is left to them", async () => {
    await writeFile(path, `# new\n# lines\n${changed}`);
    expect(await revertLine(change)).toBe("reverted");
    expect(await now()).toBe(`# new\n# lines\n${text}`);
    const theirs = changed.replace("# mailcert:   cert /old;", "  cert /theirs;");
    await writeFile(path, theirs);
    expect(await revertLine(change)).toBe("not-ours");
    expect(await now()).toBe(theirs);
  });

  test("two that read alike by now are put back each in its place, also where lines came in between or above", async () => {
    const twice = "a {\n  cert /old-a;\n}\nb {\n  cert /old-b;\n}\n";
    const also = [{ line: 5, before: "  cert /old-b;", after: "  cert ours;" }];
    const alike: LineChange = { kind: "line", path, line: 2, before: "  cert /old-a;", after: "  cert ours;", also };
    await writeFile(path, twice);
    await applyLine(alike);
    await writeFile(path, `# above\n${await now()}`);
    expect(await revertLine(alike)).toBe("reverted");
    expect(await now()).toBe(`# above\n${twice}`);
    await writeFile(path, changed.replace("  protocols all;", "  protocols all;\n  workers 1;"));
    expect(await revertLine(change)).toBe("reverted");
    expect(await now()).toBe(text.replace("  protocols all;", "  protocols all;\n  workers 1;"));
  });

  test("in words", () => {
    expect(describeChange(change)).toBe(
      `${path} line 2: key /old; -> include ours;, line 4: cert /old; -> # mailcert:   cert /old;`,
    );
    expect(describeRevert(change, true)).toBe(`put back ${path} line 2: key /old;, cert /old;`);
  });
});
