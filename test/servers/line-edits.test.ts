// Lines that belong together: replaced and put back in one write, or not at all.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { marksIn } from "../../src/servers/line-mark.ts";
import { switchedOff } from "../../src/servers/marker.ts";
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

  describe("with marks", () => {
    const twice = "a {\n  cert /old-a;\n}\nb {\n  cert /old-b;\n}\n";
    let first: LineChange;
    let second: LineChange;
    /** Two changes, each of its own time, whose lines would read alike but for the mark. */
    beforeEach(async () => {
      await writeFile(path, twice);
      const made = async (line: number, before: string): Promise<LineChange> => {
        const after = `  cert ours; # ${marksIn(path, await now())(line)}`;
        const one: LineChange = { kind: "line", path, line, before, after };
        await applyLine(one);
        return one;
      };
      first = await made(2, "  cert /old-a;");
      second = await made(5, "  cert /old-b;");
    });

    test("each goes back into its own place, also where the place of one is now another's", async () => {
      // Three lines above: the first one stands where the second one stood.
      await writeFile(path, `#\n#\n#\n${await now()}`);
      expect(await revertLine(second)).toBe("reverted");
      expect(await revertLine(first)).toBe("reverted");
      expect(await now()).toBe(`#\n#\n#\n${twice}`);
      expect(await revertLine(first)).toBe("reverted");
    });

    test("one whose block is gone takes nobody else's place", async () => {
      await writeFile(path, (await now()).replace(/b \{[^}]*\}\n/, ""));
      expect(await revertLine(second)).toBe("not-ours");
      expect(await revertLine(first)).toBe("reverted");
      expect(await now()).toBe("a {\n  cert /old-a;\n}\n");
    });

    test("one that somebody copied, or wrote into, is left alone", async () => {
      const copied = `${await now()}c {\n${first.after}\n}\n`;
      await writeFile(path, copied);
      expect(await revertLine(first)).toBe("not-ours");
      await writeFile(path, copied.replace(first.after, `  more; ${first.after.trim()}`).replace(/c \{[^}]*\}\n/, ""));
      expect(await revertLine(first)).toBe("not-ours");
      expect(await revertLine(second)).toBe("reverted");
    });

    test("several lines in the place of one, and one beside it, there and back as often as one likes", async () => {
      await writeFile(path, twice);
      const marks = marksIn(path, twice);
      const also = [{ line: 5, before: "  cert /old-b;", after: switchedOff("  cert /old-b;", marks(5)) }];
      const after = `  ; ${marks(2)}\n  include ours`;
      const both: LineChange = { kind: "line", path, line: 2, before: "  cert /old-a;", after, also };
      for (const _ of [1, 2]) {
        await applyLine(both);
        expect(await now()).toBe(`a {\n${after}\n}\nb {\n${also[0]?.after}\n}\n`);
      }
      expect(describeChange(both)).toMatch(/line 2: cert \/old-a; -> ; mailcert [0-9a-f]{8} \/ include ours, line 5: /);
      await writeFile(path, `# above\n${await now()}`);
      for (const _ of [1, 2]) {
        expect(await revertLine(both)).toBe("reverted");
        expect(await now()).toBe(`# above\n${twice}`);
      }
    });

    test("a line that stays, with ours behind it", async () => {
      await writeFile(path, twice);
      const after = `  cert /old-a;\n  ; ${marksIn(path, twice)(2)}\n  include ours`;
      const behind: LineChange = { kind: "line", path, line: 2, before: "  cert /old-a;", after };
      for (const _ of [1, 2]) {
        await applyLine(behind);
        expect(await now()).toBe(twice.replace("  cert /old-a;", after));
      }
      for (const _ of [1, 2]) {
        expect(await revertLine(behind)).toBe("reverted");
        expect(await now()).toBe(twice);
      }
    });

    test("no mark is given twice, whatever stands in the file", () => {
      const seen = new Set<string>();
      let text = twice;
      for (let nth = 0; nth < 50; nth += 1) {
        const mark = marksIn(path, text)(2);
        expect(mark).toMatch(/^mailcert [0-9a-f]{8}$/);
        seen.add(mark);
        text += `# ${mark}\n`;
      }
      expect(seen.size).toBe(50);
    });
  });

  test("in words", () => {
    expect(describeChange(change)).toBe(
      `${path} line 2: key /old; -> include ours;, line 4: cert /old; -> # mailcert:   cert /old;`,
    );
    expect(describeRevert(change, true)).toBe(`put back ${path} line 2: key /old;, cert /old;`);
  });
});
