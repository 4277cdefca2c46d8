// The parts of node-forge that tests hold our files against: it has no types of its own.
declare module "node-forge" {
  interface Bag {
    readonly attributes: Readonly<Record<string, readonly string[]>>;
    readonly key: unknown;
    readonly cert: unknown;
    readonly asn1: unknown;
  }
  interface SafePfx {
    getBags(filter: { readonly bagType: string }): Readonly<Record<string, readonly Bag[]>>;
  }
  const forge: {
    readonly asn1: { fromDer(binary: string): unknown; toDer(element: unknown): { getBytes(): string } };
    readonly md: Readonly<Record<"sha1" | "sha256", { create(): unknown }>>;
    readonly pki: {
      readonly oids: Readonly<Record<string, string>>;
      privateKeyToPem(key: unknown): string;
      certificateToPem(certificate: unknown): string;
    };
    readonly pkcs7: { messageFromAsn1(element: unknown): { readonly certificates: readonly unknown[] } };
    readonly pkcs12: {
      generateKey(
        password: string,
        salt: unknown,
        id: number,
        iterations: number,
        length: number,
        md: unknown,
      ): { getBytes(): string };
      pkcs12FromAsn1(element: unknown, strict: boolean, password: string): SafePfx;
    };
    readonly util: { createBuffer(binary: string): unknown };
  };
  export default forge;
}
