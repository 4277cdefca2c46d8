// All that changes or shows a private CA: slow to load, for what signs brings @peculiar/x509 along.
export { backUp, restoreFrom } from "./backup.ts";
export { issueClient, refuseClient } from "./client.ts";
export { noteDue, refreshCrls } from "./crl.ts";
export { initCa, planInit, planRotate, rotateCa } from "./make.ts";
export { publishAt } from "./published.ts";
export { findIn, revokeIn } from "./revoke.ts";
export { showCa } from "./show.ts";
