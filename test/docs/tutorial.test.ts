// How a tutorial is read and held against what was printed; and that every tutorial is listed, and made so that it can be run.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linksOf, readMarkdown, root } from "./markdown.ts";
import { paragraphs, picturedLines, terminalPicture } from "./terminal-picture.ts";
import { misfit, stepsOf } from "./tutorial.ts";

const page = `# T

<!-- lab: setup -->

Text.

<!-- not run: needs the Internet -->

\`\`\`sh
apt install x
\`\`\`

<!-- on: another machine -->
<!-- ends with: 1 -->

\`\`\`sh
mailcert verify
\`\`\`

\`\`\`text
a
...
b
\`\`\`
`;

describe("a tutorial's steps", () => {
  it("are read in order, with their marks", () => {
    expect(stepsOf(page)).toEqual([
      { kind: "lab", line: 3, action: "setup" },
      { kind: "not run", line: 9, command: "apt install x", why: "needs the Internet" },
      {
        kind: "command",
        line: 16,
        command: "mailcert verify",
        status: 1,
        elsewhere: true,
        picture: undefined,
        printed: ["a", "...", "b"],
      },
    ]);
  });

  it.each([
    ["text without a command", "```text\na\n```\n"],
    ["another language", "```bash\na\n```\n"],
    ["a mark above prose", "<!-- ends with: 1 -->\n\nText.\n"],
    ["an unknown mark", "<!-- skip -->\n```sh\na\n```\n"],
    ["no end", "```sh\na\n"],
  ])("%s is refused", (_, text) => {
    expect(() => stepsOf(text)).toThrow(/line|end/);
  });
});

describe("what was printed", () => {
  const printed =
    "made 1  by dovecot 2.4.1, until 2027-12-24 (396 days)\n  proven 25\n  proven 993\n\nSHA-256 9f1c25910891\n";
  it.each([
    [
      "all of it",
      ["made 1 by dovecot 2.3.19, until 2030-01-01 (396 days)", "proven 25", "proven 993", "", "SHA-256 0123456789ab"],
    ],
    ["with lines left out", ["...", "  proven 993", "..."]],
    ["with words left out", ["made ... (396 days)", "..."]],
  ])("fits: %s", (_, expected) => {
    expect(misfit(expected, printed)).toBeUndefined();
  });

  it.each([
    ["another number", ["...", "proven 994", "..."], "proven 994"],
    ["another order", ["...", "proven 993", "...", "proven 25", "..."], "proven 25"],
    ["a line left out unsaid", ["made ...", "proven 993", "..."], "proven 993"],
    ["a beginning left out unsaid", ["proven 25", "..."], "proven 25"],
    [
      "another count of days",
      ["made 1 by dovecot 2.4.1, until 2027-12-24 (89 days)", "..."],
      "made 1 by dovecot 2.4.1, until 2027-12-24 (89 days)",
    ],
    ["more than was printed", ["...", "SHA-256 9f1c25910891", "more"], "more"],
  ])("does not fit: %s", (_, expected, line) => {
    expect(misfit(expected, printed)).toBe(line);
  });

  it("does not fit where it goes on unsaid", () => {
    expect(misfit(["made ..."], printed)).toContain("goes on");
  });
});

describe("a picture", () => {
  it("has the paragraphs that were asked for, and gives its lines back", () => {
    const lines = paragraphs("a <1>\n  b\n\nc\n\nd\n\n  e & f\n\ng\n", ["a", "e", "g"]);
    expect(lines).toEqual(["a <1>", "  b", "...", "  e & f", "", "g"]);
    const svg = terminalPicture("do it", lines);
    expect(picturedLines(svg)).toEqual(lines);
    expect(svg).toContain("# do it");
    expect(svg).not.toContain("<1>");
  });
});

describe("docs/tutorials", () => {
  const pages = readdirSync(join(root, "docs/tutorials")).filter((file) => file !== "README.md");

  it("lists each of them", () => {
    const links = linksOf(readMarkdown("docs/tutorials/README.md")).filter((link) => /^[a-z-]+\.md$/.test(link));
    expect([...new Set(links)].toSorted()).toEqual(pages.toSorted());
  });

  it.each(pages)("%s has commands, most of them with what they print", (file) => {
    const commands = stepsOf(readMarkdown(`docs/tutorials/${file}`)).filter((step) => step.kind === "command");
    expect(commands.length).toBeGreaterThan(5);
    const silent = commands.filter(({ printed }) => printed === undefined);
    expect(silent.length).toBeLessThan(commands.length / 2);
  });
});
