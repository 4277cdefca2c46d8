// mailcert config: check the file with line numbers; show what holds.
import { resolve } from "node:path";
import { Argument } from "commander";
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import { configCheckDocument, configCheckText, configDocument, configText } from "../reports/config.ts";
import type { ConfigAccess } from "../usecases/world.ts";

const accessOf = async ({ args: [, file], world, host }: Context): Promise<ConfigAccess> => {
  const { config } = await world();
  return file === undefined ? config : config.at(resolve(host.cwd, file));
};

const check = async (context: Context): Promise<number> => {
  const result = await (await accessOf(context)).check();
  const { output, globals } = context;
  for (const warning of result.warnings) output.warn(warning);
  const ok = result.problems.length === 0;
  if (!ok || !globals.quiet || globals.json) output.result(configCheckText(result), configCheckDocument(result));
  return ok ? exitStatus.done : exitStatus.config;
};

const show = async (context: Context): Promise<number> => {
  const access = await accessOf(context);
  const config = await access.read();
  if (config === undefined) {
    throw new Failure("config", `there is no configuration at ${access.path}`, {
      hints: ["make one: mailcert setup mail.example.org"],
    });
  }
  context.output.result(configText(access.path, config), configDocument(access.path, config));
  return exitStatus.done;
};

export const command: CommandModule = {
  declare: (command) =>
    void command
      .addArgument(new Argument("<action>", "what to do").choices(["check", "show"]))
      .argument("[file]", "another file than --config names")
      .addHelpText(
        "after",
        `
check reads the file and conf.d/*.yaml beside it and lists every problem with its line and column.
show prints what holds, defaults included.

Examples:
  mailcert config check
  mailcert config check ./mailcert.yaml
  mailcert config show --json
${exitStatusHelp([0, 64, 77, 78])}`,
      ),
  run: (context) => (context.args[0] === "check" ? check(context) : show(context)),
};
