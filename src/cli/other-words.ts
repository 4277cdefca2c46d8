// Commands of other tools, and words that people try: which command of ours does that.

export const otherWords: Readonly<Record<string, string>> = {
  certificates: "status",
  certonly: "issue",
  check: "verify",
  create: "setup",
  crl: "ca crl",
  delete: "deploy --remove",
  diagnose: "doctor",
  export: "bundle",
  generate: "issue",
  history: "log",
  info: "status",
  init: "setup",
  install: "setup",
  list: "status",
  logs: "log",
  new: "issue",
  obtain: "issue",
  register: "account register",
  reload: "deploy",
  remove: "deploy --remove",
  request: "issue",
  rotate: "ca rotate",
  run: "setup",
  scan: "verify",
  show: "status",
  test: "verify",
  timer: "schedule",
  tlsa: "dns show",
  undo: "rollback",
  uninstall: "deploy --remove",
  unregister: "account deactivate",
};

/** `unknown command 'history'` in Commander's words, with the command that was meant where its spelling alone says nothing. */
export const withCommandMeant = (text: string): string =>
  text.replace(/^unknown command '([\w-]+)'$/m, (words, name: string) => {
    const ours = Object.hasOwn(otherWords, name) ? otherWords[name] : undefined;
    return ours === undefined || text.includes("Did you mean") ? words : `${words}\n(Did you mean ${ours}?)`;
  });
