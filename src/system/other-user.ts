// Programs that run what stands behind them as another user: what that user may do is not done by root.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

interface Changer {
  readonly name: RegExp;
  /** Options that name the user; none: the first word that is no option does. */
  readonly user: readonly string[];
  /** Further options that take the next word as their value. */
  readonly valued: readonly string[];
  /** The first word that is no option names the user where no option did. */
  readonly operand?: true;
}

const words = (text: string): readonly string[] => text.split(" ");

const suValued = words(
  "-c --command --session-command -g --group -G --supp-group -s --shell -w --whitelist-environment",
);

const changers: readonly Changer[] = [
  {
    name: /^sudo$/,
    user: ["-u", "--user"],
    valued: words(
      "-C --close-from -D --chdir -g --group -h --host -p --prompt -R --chroot -r --role -t --type -T --command-timeout -U --other-user -a --auth-type -c --login-class",
    ),
  },
  { name: /^doas$/, user: ["-u"], valued: ["-a", "-C"] },
  { name: /^runuser$/, user: ["-u", "--user"], valued: suValued, operand: true },
  { name: /^su$/, user: [], valued: suValued, operand: true },
  {
    // Its effective user alone would leave root behind it.
    name: /^setpriv$/,
    user: ["--reuid"],
    valued: words(
      "--ruid --euid --regid --rgid --egid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig --selinux-label --apparmor-profile --seccomp-filter",
    ),
  },
  {
    name: /^systemd-run$/,
    user: ["--uid"],
    valued: words(
      "-u --unit --gid --slice --description -p --property -E --setenv --nice --working-directory -H --host -M --machine --service-type --on-active --on-boot --on-startup --on-unit-active --on-unit-inactive --on-calendar --timer-property --path-property --socket-property",
    ),
  },
  { name: /^chpst$/, user: ["-u"], valued: words("-U -b -e -/ -n -l -L -m -d -o -p -f -c -r -t -s") },
  { name: /^(?:s6-setuidgid|setuidgid|gosu|su-exec)$/, user: [], valued: [], operand: true },
];

/** `-nu app`, `-uapp`, `--user=app`, `--user app`: the option of a word, its value where that is in it, and whether the next word is. */
const optionOf = (
  word: string,
  { user, valued }: Changer,
): { readonly option: string; readonly value?: string; readonly takesNext: boolean } => {
  const takes = (option: string): boolean => user.includes(option) || valued.includes(option);
  const [option = "", ...rest] = word.split("=");
  if (word.startsWith("--"))
    return rest.length > 0
      ? { option, value: rest.join("="), takesNext: false }
      : { option: word, takesNext: takes(word) };
  for (let at = 1; at < word.length; at += 1) {
    const letter = `-${word.charAt(at)}`;
    if (!takes(letter)) continue;
    const value = word.slice(at + 1);
    return value === "" ? { option: letter, takesNext: true } : { option: letter, value, takesNext: false };
  }
  return { option: word, takesNext: false };
};

/** The user that it is told to change to; undefined: none, which means root. What stands behind the program that it starts is that one's. */
const userIn = (rest: readonly string[], changer: Changer): string | undefined => {
  let skip = false;
  let ended = false;
  for (const [index, word] of rest.entries()) {
    if (skip) skip = false;
    else if (word === "--") ended = true;
    else if (!ended && word.startsWith("-") && word !== "-") {
      const { option, value, takesNext } = optionOf(word, changer);
      const given = value ?? (takesNext ? rest[index + 1] : undefined);
      if (changer.user.includes(option)) return given;
      // systemd.exec(5): the same as --uid.
      const property = /^(?:-p|--property)$/.test(option) ? /^User=(.+)$/.exec(given ?? "")?.[1] : undefined;
      if (changer.name.test("systemd-run") && property !== undefined) return property;
      skip = takesNext;
    } else if (word !== "-") return changer.operand ? word : undefined;
  }
  return undefined;
};

/** `app`, `app:mail`, `#1000`, `:1000:1000` -> whether it is a user other than root. One that this host does not have is nobody to rely on. */
const isOther = async (user: string, passwd: string): Promise<boolean> => {
  const name = user.replace(/^[#:]/, "").replace(/:.*$/, "");
  if (/^\d+$/.test(name)) return Number(name) !== 0;
  const text = await readFile(passwd, "utf8").catch(() => "");
  const uid = text
    .split("\n")
    .map((line) => line.split(":"))
    .find(([known]) => known === name)?.[2];
  return uid !== undefined && /^\d+$/.test(uid) && Number(uid) !== 0;
};

/** Whether `words` (`runuser -u app -- /home/app/reload.sh`) has all behind its first one run as a user other than root. */
export const runsAsOther = async (
  [program = "", ...rest]: readonly string[],
  passwd = "/etc/passwd",
): Promise<boolean> => {
  const changer = changers.find(({ name }) => name.test(basename(program)));
  const user = changer && userIn(rest, changer);
  return user !== undefined && isOther(user, passwd);
};
