// Groups for key exchange by number (IANA "TLS Supported Groups").

const strong: Readonly<Record<number, string>> = {
  0x0017: "P-256",
  0x0018: "P-384",
  0x0019: "P-521",
  0x001d: "X25519",
  0x001e: "X448",
  0x0100: "ffdhe2048",
  0x0101: "ffdhe3072",
  0x0102: "ffdhe4096",
};

/** Under 224 bits, or 224 (phase out), and all curves over binary fields (RFC 9325 §4.5, NCSC 2025-05). */
const weak: Readonly<Record<number, string>> = {
  0x0001: "sect163k1",
  0x0002: "sect163r1",
  0x0003: "sect163r2",
  0x0004: "sect193r1",
  0x0005: "sect193r2",
  0x0006: "sect233k1",
  0x0007: "sect233r1",
  0x0008: "sect239k1",
  0x0009: "sect283k1",
  0x000a: "sect283r1",
  0x000b: "sect409k1",
  0x000c: "sect409r1",
  0x000d: "sect571k1",
  0x000e: "sect571r1",
  0x000f: "secp160k1",
  0x0010: "secp160r1",
  0x0011: "secp160r2",
  0x0012: "secp192k1",
  0x0013: "secp192r1",
  0x0014: "secp224k1",
  0x0015: "P-224",
};

/** draft-ietf-tls-ecdhe-mlkem */
const hybrid: Readonly<Record<number, string>> = {
  0x11ec: "X25519MLKEM768",
  0x11eb: "SecP256r1MLKEM768",
  0x11ed: "SecP384r1MLKEM1024",
};

const numbers = (of: Readonly<Record<number, string>>): readonly number[] => Object.keys(of).map(Number);

export const strongGroups = [0x001d, 0x0017, 0x001e, 0x0018, 0x0019, 0x0100, 0x0101, 0x0102];
/** Those that a key of a certificate can be on. */
export const certificateCurves = [0x0017, 0x0018, 0x0019];
export const weakGroups = numbers(weak);
export const hybridGroups = [0x11ec, 0x11eb, 0x11ed];

/** A curve that the server describes itself: RFC 8422 §5.4 forbids it, and nobody can say how strong it is. */
export const explicitCurve = 0xff01;

export const groupName = (group: number): string =>
  group === explicitCurve
    ? "a curve of its own"
    : (strong[group] ?? weak[group] ?? hybrid[group] ?? `group 0x${group.toString(16).padStart(4, "0")}`);

export const isHybridName = (name: string): boolean => Object.values(hybrid).includes(name);
export const isWeak = (group: number): boolean => group === explicitCurve || group in weak;
