// The probe's room from outside.
export { readCertificateFile, readSystemRoots } from "./anchors.ts";
export { createInjector } from "./injector.ts";
export { askMailInClear } from "./mail-asker.ts";
export { resolveHost } from "./resolve.ts";
export { createProbe } from "./tls-probe.ts";
