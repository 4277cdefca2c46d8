// The registry of looks, in the order in which a person would mend what they find.
import { authorityLook } from "./authority.ts";
import { clockLook } from "./clock.ts";
import { configurationLook } from "./configuration.ts";
import { confinementLook } from "./confinement.ts";
import { diskLook } from "./disk.ts";
import { dnsLook } from "./dns.ts";
import { dovecotUpgradeLook } from "./dovecot-upgrade.ts";
import { lockLook } from "./lock.ts";
import type { Look } from "./look.ts";
import { otherClientsLook } from "./other-clients.ts";
import { portsLook } from "./ports.ts";
import { privateCaLook } from "./private-ca.ts";
import { readableLook } from "./readable.ts";
import { rightsLook } from "./rights.ts";
import { scheduleLook } from "./schedule.ts";
import { servedLook } from "./served.ts";
import { serversLook } from "./servers.ts";
import { stateLook } from "./state.ts";

export const looks: readonly Look[] = [
  configurationLook,
  diskLook,
  clockLook,
  rightsLook,
  readableLook,
  confinementLook,
  // A server starts once its ports are free.
  portsLook,
  serversLook,
  servedLook,
  dnsLook,
  authorityLook,
  privateCaLook,
  otherClientsLook,
  lockLook,
  dovecotUpgradeLook,
  stateLook,
  // What its last run failed at may be told by all others.
  scheduleLook,
];
