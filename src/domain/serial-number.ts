// A serial number (RFC 5280 §4.1.2.2) in hex, as all of mailcert compares and shows it: without octets of zeros in front.

/** @param hex the content of its INTEGER, or what somebody wrote */
export const plainSerial = (hex: string): string => hex.replace(/^(?:00)+(?=..)/, "");
