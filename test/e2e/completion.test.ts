// Completion in the real shells, typed at a terminal: bash with and without bash-completion, zsh, fish. One host for all of it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

let host: MailHost;

const configuration = `certificates:
  mail.example.org: { names: [mail.example.org, imap.example.org], ca: office }
  mx.example.net: { issuer: self-signed }
`;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", shells: true });
  await host.write("/etc/mailcert/mailcert.yaml", configuration, "644");
  await host.write("/etc/mailcert/secrets/desec.yaml", "provider: desec\n", "600");
  await host.must(
    "chmod 700 /etc/mailcert/secrets && mkdir -p '/srv/a b' /srv/tls /srv/odd && touch '/srv/odd/$(id>pwned)' '/srv/a file' /srv/tls/x.pem",
  );
  await host.must("mailcert completion bash >/usr/share/bash-completion/completions/mailcert");
  await host.must("mailcert completion zsh >/usr/share/zsh/vendor-completions/_mailcert");
  await host.must("mailcert completion fish >/usr/share/fish/vendor_completions.d/mailcert.fish");
  // Ctrl-T writes down what stands on the line.
  const keys = `bind 'set page-completions off'\nbind -x '"\\C-t": printf "%s\\n" "$READLINE_LINE" >>~/lines'\nPS1='ready> '\n`;
  await host.write("/opt/shells/bare", `source <(mailcert completion bash)\n${keys}`);
  await host.write("/opt/shells/loaded", `source /usr/share/bash-completion/bash_completion\n${keys}`);
  const zsh = [
    "autoload -Uz compinit && compinit -u -D",
    "written() { print -r -- $BUFFER >>~/lines }",
    "zle -N written && bindkey -e && bindkey '^T' written",
    // Alt-* puts all matches on the line, as in bash.
    "zle -C all-matches complete-word _generic && bindkey '\\e*' all-matches",
    "zstyle ':completion:all-matches::::' completer _all_matches _complete",
    "zstyle ':completion:all-matches:*' insert true",
  ];
  await host.write("/opt/shells/.zshrc", `${zsh.join("\n")}\nPS1='ready> '\n`);
});

afterAll(() => host.stop());

const shells = {
  "bash alone": "bash --noprofile --rcfile /opt/shells/bare -i",
  "bash with bash-completion": "bash --noprofile --rcfile /opt/shells/loaded -i",
  zsh: "ZDOTDIR=/opt/shells zsh -d -i",
} as const;

type Typed = keyof typeof shells;

const tab = "\t";
/** Every candidate, put on the line. */
const all = "\u001b*";

/** What stands on the line after each of these was typed, without blanks at its end; and what the terminal showed. */
const type = async (
  shell: Typed,
  lines: readonly string[],
  user?: string,
): Promise<{ readonly lines: readonly string[]; readonly shown: string }> => {
  const as = user === undefined ? {} : { user };
  await host.exec("rm -f ~/lines", as);
  const terminal = host.spawn(["script", "-qec", `env TERM=dumb ${shells[shell]}`, "/dev/null"], as);
  let shown = "";
  const ended = new Promise((resolve) => terminal.once("close", resolve));
  // Before its prompt the shell does not read keys itself.
  const ready = new Promise<void>((resolve) =>
    terminal.stdout.on("data", (part: Buffer) => {
      shown += part.toString();
      if (shown.includes("ready> ")) resolve();
    }),
  );
  await Promise.race([ready, ended]);
  terminal.stdin.write(`${lines.map((line) => `${line}\u0014\u0015`).join("")}exit\r`);
  await ended;
  const written = await host.must("cat ~/lines", as);
  return {
    lines: written
      .trimEnd()
      .split("\n")
      .map((line) => line.trimEnd()),
    shown,
  };
};

/** The same for lines with what should stand there. One that only lacks something is typed once more: on a busy machine names come later than mailcert waits for them. */
const typeNames = async (shell: Typed, typed: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const { lines } = await type(shell, Object.keys(typed));
  const late = Object.entries(typed).flatMap(([line, wanted], index) => {
    const got = lines[index] ?? "";
    const words = wanted.split(" ");
    return got.length < wanted.length && got.split(" ").every((word) => words.some((one) => one.startsWith(word)))
      ? [{ line, index }]
      : [];
  });
  if (late.length === 0) return lines;
  const again = await type(
    shell,
    late.map(({ line }) => line),
  );
  return lines.map((line, index) => again.lines[late.findIndex((one) => one.index === index)] ?? line);
};

describe.each(Object.keys(shells) as Typed[])("%s", (shell) => {
  test("commands, options and what they take", async () => {
    const typed = {
      [`mailcert ver${tab}`]: "mailcert verify",
      [`mailcert re${all}`]: "mailcert renew revoke",
      [`mailcert renew --unl${tab}`]: "mailcert renew --unless-told",
      [`mailcert --json ca rot${tab}`]: "mailcert --json ca rotate",
      [`mailcert completion ${all}`]: "mailcert completion bash zsh fish",
      [`mailcert verify --format nd${tab}`]: "mailcert verify --format ndjson",
      [`mailcert verify --format=nag${tab}`]: "mailcert verify --format=nagios",
      [`mailcert setup x --issuer letsencrypt-${tab}`]: "mailcert setup x --issuer letsencrypt-staging",
      [`mailcert setup x --key ecdsa,rsa-3${tab}`]: "mailcert setup x --key ecdsa,rsa-3072",
      [`mailcert setup x --server opens${tab}`]: "mailcert setup x --server opensmtpd",
      [`mailcert setup x --challenge tls${tab}`]: "mailcert setup x --challenge tls-alpn-01",
      [`mailcert setup x --dns de${tab}`]: "mailcert setup x --dns desec",
      [`mailcert bundle --format pem mobile${tab}`]: "mailcert bundle --format pem mobileconfig",
      [`mailcert verify --skip cert-exp${all}`]: "mailcert verify --skip cert-expiry cert-expect",
      [`mailcert deploy --harden ${all}`]:
        "mailcert deploy --harden intermediate modern none mail.example.org mx.example.net",
    };
    const lines = await typeNames(shell, typed);
    const sorted = (line: string): string => line.split(" ").toSorted().join(" ");
    expect(lines.map(sorted)).toEqual(Object.values(typed).map(sorted));
  });

  test("names of the configuration, targets, quotes", async () => {
    const typed = {
      [`mailcert renew mx${tab}`]: "mailcert renew mx.example.net",
      [`mailcert verify imaps://im${tab}`]: "mailcert verify imaps://imap.example.org",
      [`mailcert verify submissions${tab}x`]: "mailcert verify submissions://x",
      [`mailcert verify --port=pop3s${tab}99`]: "mailcert verify --port=pop3s=99",
      [`mailcert ca show off${tab}`]: "mailcert ca show office",
      [`mailcert explain "Accept all${tab}`]: 'mailcert explain "Accept all certificates"',
      [`mailcert explain Acc${tab}`]: "mailcert explain Accept\\ all\\ certificates",
      [`mailcert -c /nowhere/x.yaml renew m${tab}`]: "mailcert -c /nowhere/x.yaml renew m",
    };
    expect(await typeNames(shell, typed)).toEqual(Object.values(typed));
  });

  test("files and folders", async () => {
    const typed: Record<string, string> = {
      [`mailcert -c /srv/tl${tab}x${tab}`]: "mailcert -c /srv/tls/x.pem",
      [`mailcert verify x --ca-file=/srv/tls/${tab}`]: "mailcert verify x --ca-file=/srv/tls/x.pem",
      [`mailcert verify x --ca-file /srv/a\\ f${tab}`]: "mailcert verify x --ca-file /srv/a\\ file",
      [`mailcert bundle --out /srv/a${tab}`]: "mailcert bundle --out /srv/a\\ b/",
      [`mailcert bundle --sign-profile liv${tab}`]: "mailcert bundle --sign-profile live",
      [`mailcert bundle --sign-profile /srv/tls/${tab}`]: "mailcert bundle --sign-profile /srv/tls/x.pem",
      [`mailcert verify x --expect /srv/odd/${tab}`]: "mailcert verify x --expect /srv/odd/\\$\\(id\\>pwned\\)",
    };
    if (shell !== "zsh")
      typed[`mailcert bundle --sign-profile "/srv/odd/${tab}`] =
        'mailcert bundle --sign-profile "/srv/odd/\\$(id>pwned)"';
    const { lines } = await type(shell, Object.keys(typed));
    expect(lines).toEqual(Object.values(typed));
  });

  test("says nothing where nothing can be known, and no name to somebody who may not read it", async () => {
    await host.must("chmod 600 /etc/mailcert/mailcert.yaml");
    try {
      const { lines, shown } = await type(
        shell,
        [`mailcert renew m${tab}`, `mailcert setup x --dns d${tab}`, `mailcert sta${tab}`],
        host.user.name,
      );
      expect(lines).toEqual(["mailcert renew m", "mailcert setup x --dns d", "mailcert status"]);
      expect(shown).not.toMatch(/error|hint|example\.(org|net)|Permission|EACCES/i);
    } finally {
      await host.must("chmod 644 /etc/mailcert/mailcert.yaml");
    }
  });
});

describe("fish", () => {
  /** As fish shows them: the word, a tab, what it means. */
  const complete = async (line: string, user?: string): Promise<readonly string[]> => {
    const { status, stdout, stderr } = await host.exec(
      ["fish", "-c", 'complete -C "$argv[1]"', line],
      user === undefined ? {} : { user },
    );
    expect([status, stderr]).toEqual([0, ""]);
    return stdout.split("\n").filter((one) => one !== "");
  };
  const words = async (line: string, user?: string): Promise<readonly string[]> =>
    (await complete(line, user)).map((one) => one.split("\t")[0] ?? "");
  /** On a busy machine names come later than mailcert waits for them: none at all. */
  const names = (line: string, wanted: readonly string[]): Promise<void> =>
    expect.poll(() => complete(line), { timeout: 20_000 }).toEqual(wanted);

  test("commands, options and what they take, with their meanings", async () => {
    expect(await complete("mailcert ver")).toEqual(["verify\tcheck what mail servers really serve"]);
    expect(await words("mailcert re")).toEqual(expect.arrayContaining(["renew", "revoke"]));
    expect(await words("mailcert renew --unl")).toEqual(["--unless-told"]);
    expect(await words("mailcert verify --format=nag")).toEqual(["--format=nagios"]);
    expect(await words("mailcert setup x --key ecdsa,rsa-3")).toContain("ecdsa,rsa-3072");
    expect(await words("mailcert verify --skip cert-exp")).toEqual(expect.arrayContaining(["cert-expiry"]));
    await names("mailcert setup x --dns de", ["desec"]);
  });

  test("names, targets, files", async () => {
    await names("mailcert renew ma", ["mail.example.org\tmail.example.org imap.example.org"]);
    await names("mailcert verify imaps://im", ["imaps://imap.example.org"]);
    expect(await words("mailcert -c /srv/tls/")).toEqual(["/srv/tls/x.pem"]);
    expect(await words("mailcert verify x --ca-file=/srv/tls/")).toEqual(["--ca-file=/srv/tls/x.pem"]);
    expect(await words("mailcert bundle --out /srv/")).toEqual(["/srv/a b/", "/srv/odd/", "/srv/tls/"]);
  });

  test("no name to somebody who may not read it", async () => {
    await host.must("chmod 600 /etc/mailcert/mailcert.yaml");
    try {
      expect(await words("mailcert renew m", host.user.name)).toEqual([]);
      expect(await words("mailcert sta", host.user.name)).toEqual(["status"]);
    } finally {
      await host.must("chmod 644 /etc/mailcert/mailcert.yaml");
    }
  });
});

test("the scripts are clean, and mailcert answers whatever it is asked", async () => {
  for (const shell of ["bash --norc -n", "zsh -f -n", "fish --no-config -n"]) {
    const name = shell.split(" ")[0];
    expect(await host.exec(`mailcert completion ${name} >/tmp/script && ${shell} /tmp/script`)).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "",
    });
  }
  await host.must("mkfifo /tmp/pipe && printf 'certificates: [' >/tmp/broken.yaml");
  for (const line of [
    ["-c", "/tmp/pipe", "renew", ""],
    ["-c", "/tmp/broken.yaml", "log", ""],
    ["-c"],
    ["\u0000\t'"],
    [],
  ]) {
    const { status, stderr } = await host.mailcert(
      ["__complete", ...line.map((word) => word.replaceAll("\u0000", ""))],
      {
        timeoutMs: 30_000,
      },
    );
    expect([line, status, stderr]).toEqual([line, 0, ""]);
  }
  expect(await host.exec("ls -A /var/lib/mailcert")).toMatchObject({ stdout: "" });
});
