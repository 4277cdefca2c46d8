// Settings of an instance that name a file below a folder, in main.cf and at the services of master.cf, whoever wrote them.
import { clean } from "../../domain/text.ts";
import type { NamedFile } from "../named-file.ts";
import type { Postconf } from "./postconf.ts";

const usualFolder = "/etc/postfix";

export const settingsNaming = async (
  postconf: Postconf,
  configDir: string,
  folder: string,
): Promise<readonly NamedFile[]> => {
  const at = configDir === usualFolder ? "" : `-c ${configDir} `;
  const reload = `postfix ${at}reload`;
  const everybodys = [...(await postconf.explicit())].map(([name, value]) => ({
    value,
    setting: `${name} = ${clean(value, 200)} in ${configDir}/main.cf`,
    mend: `name another file there, or take it out: postconf ${at}-X ${name} && ${reload}`,
  }));
  const services = [...(await postconf.overrides())].flatMap(([service, own]) =>
    [...own].map(([name, value]) => ({
      value,
      setting: `-o ${name}=${clean(value, 200)} of the service ${service} in ${configDir}/master.cf`,
      mend: `name another file there, or take it out: postconf ${at}-PX ${service}/${name} && ${reload}`,
    })),
  );
  return [...everybodys, ...services].filter(({ value }) => value.includes(folder));
};
