// Asks `doveconf` for effective settings and reads the blocks that it prints. Never with -P, -x or -F: those print private keys.
import type { RunOptions, RunProgram } from "../../system/run.ts";
import { output } from "../program.ts";

/** `service imap-login { ... }`: name `service`, label `imap-login`. The root has neither. */
export interface Block {
  readonly name: string;
  readonly label: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly blocks: readonly Block[];
}

interface OpenBlock extends Block {
  readonly settings: Map<string, string>;
  readonly blocks: OpenBlock[];
}

const open = (header: string): OpenBlock => {
  const words = header.trim().replaceAll('"', "").split(/\s+/);
  return { name: words[0] ?? "", label: words.slice(1).join(" "), settings: new Map(), blocks: [] };
};

/** The output of `doveconf` as a tree; lines that are neither setting nor block (comments, the rest of an inline value) are left out. */
export const parseDoveconf = (text: string): Block => {
  const root = open("");
  const stack = [root];
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    const current = stack.at(-1) ?? root;
    if (line === "" || line.startsWith("#")) continue;
    if (line === "}") {
      if (stack.length > 1) stack.pop();
    } else if (line.endsWith("{")) {
      const block = open(line.slice(0, -1));
      current.blocks.push(block);
      stack.push(block);
    } else {
      const setting = /^([\w/]+)\s*=\s?(.*)$/.exec(line);
      if (setting?.[1] !== undefined) current.settings.set(setting[1], setting[2]?.trim() ?? "");
    }
  }
  return root;
};

/** @throws Failure `config` with doveconf's own words when the configuration cannot be read. */
export const doveconf = async (
  run: RunProgram,
  args: readonly string[],
  options?: Pick<RunOptions, "maxOutput">,
): Promise<Block> => parseDoveconf(await output(run, "doveconf", args, "config", options));
