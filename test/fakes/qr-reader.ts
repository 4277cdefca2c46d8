// Reads a QR code from pixels, by a decoder that knows nothing of who wrote it.
import { createRequire } from "node:module";
import type { QRCode } from "jsqr";
import type { Pixels } from "./png.ts";

// CommonJS whose types say otherwise.
const decode = createRequire(import.meta.url)("jsqr") as (
  data: Uint8ClampedArray,
  width: number,
  height: number,
) => QRCode | null;

/** undefined: none is to be seen. */
export const readQr = ({ data, width, height }: Pixels): string | undefined => decode(data, width, height)?.data;
