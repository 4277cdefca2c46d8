// What shell completion asks of this host besides the configuration: its scripts, and which DNS updaters have settings.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CompletionTools } from "./usecases/completion-tools.ts";
import type { RenderTemplate } from "./system/templates.ts";

export const openCompletion = (configPath: string, render: RenderTemplate): CompletionTools => ({
  script: (shell) => render(`completion.${shell}`, {}, "none"),
  updaters: async () => {
    const files = await readdir(join(dirname(configPath), "secrets")).catch(() => []);
    return files.filter((file) => /^[^.].*\.yaml$/.test(file)).map((file) => file.slice(0, -".yaml".length));
  },
});
