/** `HOST:PORT` or `[IPv6]:PORT`, as the configuration's pattern allows them, taken apart. */
export function addressOf(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":");
  return { host: listen.slice(0, colon), port: Number(listen.slice(colon + 1)) };
}
