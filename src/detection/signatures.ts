import {
  isBitmap,
  isDosExecutable,
  isIcon,
  isMpegAudio,
  isTransportStream,
  isTrueType,
  latin1,
  numberAt,
} from './structures'

/** Whether the beginning of a file proves its type: no other format begins like this. */
type Proof = (bytes: Uint8Array) => boolean

/**
 * What more of the structure must agree before file-type's finding proves a type. Many of its signatures are two to
 * four letters, with which texts and files of other formats begin as well. Signatures that are long, or have characters
 * that no text has, need no other proof.
 */
export const proofs: ReadonlyMap<string, Proof> = new Map<string, Proof>([
  ...stands(
    'image/png image/apng image/webp image/bpg image/jp2 image/jpx image/jpm image/mj2 image/j2c image/ktx',
    'image/heic image/heif image/heic-sequence image/heif-sequence image/avif image/x-canon-cr2 image/x-canon-cr3',
    'image/x-nikon-nef image/x-sony-arw image/x-adobe-dng image/x-olympus-orf image/x-panasonic-rw2 image/tiff',
    'video/mp4 video/webm video/matroska video/vnd.avi video/mp1s video/mp2p video/mpeg video/x-flv video/x-m4v',
    'video/3gpp video/3gpp2 video/ogg video/x-ms-asf audio/wav audio/qcelp audio/x-ms-asf audio/x-m4a audio/mp4',
    'audio/x-caf audio/x-dff application/vnd.ms-asf application/mxf application/x-indesign',
    'application/x-cfb application/eps application/x-elf application/wasm',
    'application/x-mach-binary application/java-vm application/x-ms-shortcut application/x-rar-compressed',
    'application/x-7z-compressed application/x-xz application/zstd application/x-lz4 application/x-rpm',
    'application/x-ace-compressed application/x-asar application/x-deb application/x-unix-archive application/x-tar',
    'application/vnd.tcpdump.pcap application/avro application/vnd.apache.arrow.file application/x-mie',
    'application/x-esri-shape application/x-jmp-data application/x-ft-apple.alias application/x-ft-fbx',
    'application/x-nintendo-nes-rom application/vnd.sketchup.skp application/vnd.ms-fontobject',
    'application/x-mobipocket-ebook application/dicom model/gltf-binary font/woff font/woff2 font/otf',
    'text/calendar text/vcard text/vtt application/pgp-encrypted application/x-ms-regedit',
    // A zip archive, whatever it contains.
    'application/zip application/epub+zip application/x-xpinstall application/java-archive application/vnd.visio',
    'application/vnd.android.package-archive application/vnd.apple.keynote application/vnd.apple.numbers',
    'application/vnd.apple.pages model/3mf application/vnd.oasis.opendocument.text',
    'application/vnd.oasis.opendocument.text-template application/vnd.oasis.opendocument.spreadsheet',
    'application/vnd.oasis.opendocument.spreadsheet-template application/vnd.oasis.opendocument.presentation',
    'application/vnd.oasis.opendocument.presentation-template application/vnd.oasis.opendocument.graphics',
    'application/vnd.oasis.opendocument.graphics-template',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.template',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.template',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    'application/vnd.openxmlformats-officedocument.presentationml.template',
    'application/vnd.openxmlformats-officedocument.presentationml.slideshow',
    'application/vnd.ms-word.document.macroenabled.12 application/vnd.ms-word.template.macroenabled.12',
    'application/vnd.ms-excel.sheet.macroenabled.12 application/vnd.ms-excel.template.macroenabled.12',
    'application/vnd.ms-powerpoint.presentation.macroenabled.12',
    'application/vnd.ms-powerpoint.template.macroenabled.12',
    'application/vnd.ms-powerpoint.slideshow.macroenabled.12',
  ),
  ['application/pdf', begins('%PDF-')],
  ['application/postscript', begins('%!PS-Adobe-')],
  ['application/rtf', (bytes) => /^\{\\rtf\d/.test(latin1(bytes, 0, 6))],
  ['image/jpeg', (bytes) => (bytes[3] ?? 0) >= 0xc0],
  ['image/jls', (bytes) => bytes[3] === 0xf7],
  ['image/gif', begins('GIF87a', 'GIF89a')],
  ['image/bmp', isBitmap],
  ['image/x-icon', isIcon],
  ['image/vnd.ms-photo', (bytes) => (bytes[3] ?? 9) <= 1],
  ['image/jxl', begins('\0\0\0\x0cJXL ')],
  ['image/flif', (bytes) => (bytes[4] ?? 0) >= 0x31 && (bytes[4] ?? 0) <= 0x64],
  ['image/vnd.adobe.photoshop', begins('8BPS\0\x01\0\0', '8BPS\0\x02\0\0')],
  ['image/x-xcf', begins('gimp xcf file\0', 'gimp xcf v')],
  ['image/icns', (bytes) => numberAt(bytes, 4, 4) > 8 && /^[\w #]{4}$/.test(latin1(bytes, 8, 4))],
  ['image/x-fujifilm-raf', begins('FUJIFILMCCD-RAW ')],
  ['image/vnd.dwg', (bytes) => latin1(bytes, 6, 4) === '\0\0\0\0'],
  ['video/quicktime', (bytes) => numberAt(bytes, 0, 4) === 1 || numberAt(bytes, 0, 4) >= 8],
  ['video/mp2t', isTransportStream],
  ['audio/mpeg', isMpegAudio],
  ['audio/aac', isMpegAudio],
  ['audio/aiff', (bytes) => /^AIF[FC]$/.test(latin1(bytes, 8, 4))],
  ['audio/flac', (bytes) => numberAt(bytes, 4, 4) % 2 ** 24 === 34],
  ['audio/midi', begins('MThd\0\0\0\x06')],
  ['audio/ogg', begins('OggS\0')],
  ['application/ogg', begins('OggS\0')],
  ['audio/amr', begins('#!AMR\n', '#!AMR-WB\n', '#!AMR_MC1.0\n')],
  ['audio/ape', (bytes) => bytes[5] === 0x0f],
  ['audio/wavpack', (bytes) => bytes[9] === 4],
  ['audio/x-musepack', begins('MP+\x07', 'MP+\x17', 'MPCKSH')],
  ['audio/x-dsf', begins('DSD \x1c\0\0\0\0\0\0\0')],
  ['audio/x-voc', begins('Creative Voice File\x1a')],
  ['audio/x-xm', (bytes) => bytes[37] === 0x1a],
  ['audio/x-s3m', (bytes) => bytes[28] === 0x1a],
  ['application/vnd.rn-realmedia', begins('.RMF\0\0\0')],
  [
    'application/x-shockwave-flash',
    (bytes) => (bytes[3] ?? 0) >= 1 && (bytes[3] ?? 0) <= 60 && bytes[7] === 0,
  ],
  ['application/x-msdownload', isDosExecutable],
  ['application/gzip', (bytes) => (bytes[3] ?? 0xff) < 0x20],
  ['application/x-bzip2', (bytes) => ['1AY&SY', '\x17rE8P\x90'].includes(latin1(bytes, 4, 6))],
  ['application/lzip', (bytes) => (bytes[4] ?? 9) <= 1],
  ['application/vnd.ms-cab-compressed', begins('MSCF\0\0\0\0')],
  ['application/x-lzh-compressed', (bytes) => (bytes[20] ?? 9) <= 3],
  [
    'application/x-compress',
    (bytes) => bytes[1] === 0x9d && ((bytes[2] ?? 0) & 0x7f) >= 9 && ((bytes[2] ?? 0) & 0x7f) <= 16,
  ],
  ['application/x-google-chrome-extension', begins('Cr24\x02\0\0\0', 'Cr24\x03\0\0\0')],
  ['application/x-sqlite3', begins('SQLite format 3\0')],
  ['application/x-spss-sav', begins('$FL2@(#)', '$FL3@(#)')],
  ['application/vnd.iccprofile', (bytes) => numberAt(bytes, 0, 4) >= 128 && (bytes[8] ?? 9) <= 5],
  ['application/vnd.ms-outlook', (bytes) => latin1(bytes, 8, 2) === 'SM'],
  ['application/vnd.ms-htmlhelp', begins('ITSF\x02\0\0\0', 'ITSF\x03\0\0\0')],
  ['application/x-ft-windows-registry-hive', (bytes) => latin1(bytes, 20, 4) === '\x01\0\0\0'],
  ['application/x-ft-draco', (bytes) => bytes[5] === 1 || bytes[5] === 2],
  ['application/x-blender', (bytes) => /^BLENDER[-_0-9][-vV0-9]/.test(latin1(bytes, 0, 9))],
  ['application/vnd.apache.parquet', begins('PAR1\x15')],
  ['audio/x-it', (bytes) => bytes[0x2b] === 2 || bytes[0x2b] === 3],
  ['font/ttf', isTrueType],
  ['font/collection', begins('ttcf\0\x01\0\0', 'ttcf\0\x02\0\0')],
])

/**
 * Types whose signature in file-type proves nothing: two bytes, or words with which any text may begin. The gateway
 * believes what a client declares where file-type finds one of these.
 */
export const unproven: ReadonlySet<string> = new Set([
  'audio/vnd.dolby.dd-raw',
  'application/x-apple-diskimage',
  'application/x-cpio',
  'application/x-arj',
  'model/stl',
  // `markup.ts` decides, as it tells what kind of XML it is.
  'application/xml',
  // Its signature lies beyond the sample.
  'application/x-iso9660-image',
])

/** Types of text: a plausible text with such a signature is of that type. */
export const textSignatures: ReadonlySet<string> = new Set([
  'application/pdf',
  'application/postscript',
  'application/eps',
  'application/rtf',
  'text/calendar',
  'text/vcard',
  'text/vtt',
  'application/pgp-encrypted',
  'application/x-ms-regedit',
])

/** Entries for the types in `lists`, which spaces separate: their signature needs no other proof. */
function stands(...lists: readonly string[]): [string, Proof][] {
  return lists.flatMap((list) => list.split(' ')).map((type) => [type, () => true])
}

function begins(...beginnings: readonly string[]): Proof {
  return (bytes) => beginnings.some((beginning) => latin1(bytes, 0, beginning.length) === beginning)
}
