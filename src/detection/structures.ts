/** `length` bytes at `at` as one character each; fewer where the bytes end. */
export function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}

/** The unsigned integer of `byteSize` bytes, at most 6, at `at`; NaN where the bytes end before. */
export function numberAt(bytes: Uint8Array, at: number, byteSize: number, isLittleEndian = false): number {
  const taken = bytes.slice(at, at + byteSize)
  if (taken.length < byteSize) return Number.NaN
  if (isLittleEndian) taken.reverse()
  return taken.reduce((value, byte) => value * 256 + byte, 0)
}

/** A Windows or OS/2 bitmap: its second header has one of the sizes that the format defines. */
export function isBitmap(bytes: Uint8Array): boolean {
  return dibHeaderBytes.has(numberAt(bytes, 14, 4, true))
}

const dibHeaderBytes: ReadonlySet<number> = new Set([12, 16, 40, 52, 56, 64, 108, 124])

/** Icons and cursors: the first entry's reserved byte is zero, and its image lies behind the directory. */
export function isIcon(bytes: Uint8Array): boolean {
  const count = numberAt(bytes, 4, 2, true)
  return count > 0 && bytes[9] === 0 && numberAt(bytes, 18, 4, true) >= 6 + 16 * count
}

/** TrueType: the table directory agrees with itself. */
export function isTrueType(bytes: Uint8Array): boolean {
  const tables = numberAt(bytes, 4, 2)
  return tables > 0 && tables < 256 && numberAt(bytes, 6, 2) === 16 * 2 ** Math.floor(Math.log2(tables))
}

/** An MZ header whose last page is no longer than a page, or that points to a PE header. */
export function isDosExecutable(bytes: Uint8Array): boolean {
  const next = numberAt(bytes, 0x3c, 4, true)
  return numberAt(bytes, 2, 2, true) <= 512 || latin1(bytes, next, 4) === 'PE\0\0'
}

/** Packets of an MPEG transport stream, in a row; 192 bytes with the time code of Blu-ray discs. */
export function isTransportStream(bytes: Uint8Array): boolean {
  return hasSyncBytes(bytes, 0, 188) || hasSyncBytes(bytes, 4, 192)
}

const packetsMin = 4

function hasSyncBytes(bytes: Uint8Array, first: number, packetBytes: number): boolean {
  return Array.from({ length: packetsMin }, (_, packet) => bytes[first + packet * packetBytes]).every(
    (byte) => byte === 0x47,
  )
}

/** An ID3v2 tag: its version, and a size of four times seven bits. */
export function isId3(bytes: Uint8Array): boolean {
  const [version = 0, revision = 0xff, flags = 0xff, ...size] = bytes.slice(3, 10)
  const isTag = latin1(bytes, 0, 3) === 'ID3' && version >= 2 && version <= 4 && revision < 0xff
  return isTag && (flags & 0x0f) === 0 && size.length === 4 && size.every((byte) => byte < 0x80)
}

/** MP3 (MPEG layer III) or AAC in ADTS: where the first frame ends, another like it begins. */
export function isMpegAudio(bytes: Uint8Array): boolean {
  const [sync = 0, kind = 0] = bytes
  const length = (kind & 0x06) === 0 ? adtsFrameBytes(bytes) : layer3FrameBytes(bytes)
  return sync === 0xff && length > 6 && bytes[length] === 0xff && bytes[length + 1] === kind
}

function adtsFrameBytes(bytes: Uint8Array): number {
  return Math.floor(numberAt(bytes, 3, 3) / 32) % 8192
}

const layer3Kbits = {
  mpeg1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  mpeg2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}
const mpeg1Hertz = [44_100, 48_000, 32_000]

/** ISO/IEC 11172-3, section 2.4.2.3: 144 bits and bytes a sample rate, half of it in MPEG-2. */
function layer3FrameBytes(bytes: Uint8Array): number {
  const [, kind = 0, rates = 0] = bytes
  const version = (kind >> 3) & 3
  const isMpeg1 = version === 3
  const kbits = layer3Kbits[isMpeg1 ? 'mpeg1' : 'mpeg2'][rates >> 4] ?? 0
  const hertz = (mpeg1Hertz[(rates >> 2) & 3] ?? Number.NaN) / (isMpeg1 ? 1 : version === 2 ? 2 : 4)
  return Math.floor(((isMpeg1 ? 144 : 72) * kbits * 1000) / hertz) + ((rates >> 1) & 1)
}

/** Whether the major brand of an ISO base media file is one of a film or a recording. */
export function isMediaBrand(bytes: Uint8Array): boolean {
  return mediaBrands.test(latin1(bytes, 8, 4))
}

/** The brands of films and recordings in the registry (mp4ra.org). Any other brand may be anything. */
const mediaBrands =
  /^(isom|iso[2-9a-c]|mp4[12]|mp7[1t]|avc[1-4]|av01|hvc1|hev1|cmf[acfhlsv]|dash|msdh|msix|piff|M4[ABPV][ HP]|F4[ABPV] |mmp4|3g[efghnprst2][0-9a-z]|qt {2}|MSNV|MPPI|NDS[CHMPS]|ND[AX]S|NDXC|NDXH|NDXM|NDXP|XAVC|Xdv|CAEP|KDDI|dby1|dmb1|JP20|dv1[ab]|dvr1|dvt1|pana|odcf|ssv |emsg|lmsg)/

/** Image brands of ISO base media files that file-type takes for video. */
export function isImageBrand(bytes: Uint8Array): boolean {
  return /^(hei[cmsx]|hev[cmsx]|avc[is]|jpe[g ]|jpgs|mi[afp]\d|mif\d|msf1|avi[fos]|ma1[ab])/.test(
    latin1(bytes, 8, 4),
  )
}
