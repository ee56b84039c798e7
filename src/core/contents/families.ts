import { type Container, containersOf, isOfficeDocument, namesOf } from './containers'

/** Kinds of formats. People and browsers use two formats of one kind in the same way. */
export type Family =
  | 'raster image'
  | 'vector image'
  | 'audio or video'
  | 'font'
  | 'document'
  | 'archive'
  | 'executable'
  | 'text'
  | 'data'

/** What the gateway knows of a media type. */
export type Format = {
  /** null: unknown. */
  family: Family | null
  /** Whether its bytes can be told from those of other types, by a signature or by being text. */
  isRecognisable: boolean
  /** The containers that its bytes may come in. */
  containers: ReadonlySet<Container>
}

/**
 * Types with a signature of their own, under every name in use: those of IANA, of Debian's and Apache's mime.types, of
 * shared-mime-info, browsers and operating systems, and the names that file-type invented.
 */
const recognisable: Record<Exclude<Family, 'text'>, string> = {
  'raster image': `
    image/png image/x-png image/apng image/vnd.mozilla.apng image/jpeg image/jpg image/pjpeg image/x-jpeg
    image/gif image/webp image/bmp image/x-bmp image/x-ms-bmp image/x-windows-bmp application/bmp image/tiff
    image/tif image/x-tif image/x-tiff application/tiff image/heic image/heif image/heic-sequence
    image/heif-sequence image/avif image/avif-sequence image/jxl image/jp2 image/jpx image/jpm image/j2c
    image/jpeg2000 image/jpeg2000-image image/x-jpeg2000-image image/jls image/vnd.ms-photo image/jxr
    image/flif image/bpg image/vnd.adobe.photoshop image/x-photoshop image/photoshop image/psd image/x-psd
    application/x-photoshop application/photoshop application/psd image/x-xcf application/x-xcf image/x-icon
    image/vnd.microsoft.icon image/ico image/icon application/ico image/icns image/x-icns image/ktx image/ktx2
    image/x-canon-cr2 image/x-canon-cr3 image/x-olympus-orf image/x-sony-arw image/x-adobe-dng image/dng
    image/x-nikon-nef image/x-panasonic-rw2 image/x-fujifilm-raf image/x-dcraw application/dicom`,
  'vector image': `
    image/svg+xml image/svg image/svg-xml image/x-svg application/svg+xml application/svg
    image/vnd.dwg image/x-dwg application/acad application/x-acad application/autocad_dwg application/dwg
    application/x-dwg application/x-autocad drawing/dwg model/gltf-binary application/vnd.sketchup.skp
    application/x-blender application/x-ft-fbx application/x-ft-draco`,
  'audio or video': `
    video/mp4 audio/mp4 application/mp4 video/x-m4v audio/m4a audio/x-m4a audio/x-m4b audio/x-m4p audio/aac
    audio/aacp audio/x-aac audio/vnd.dlna.adts video/quicktime video/3gpp audio/3gpp video/3gpp2 audio/3gpp2
    video/3gp video/3gpp-encrypted audio/mpeg audio/mp3 audio/x-mp3 audio/x-mpeg audio/mpeg3 audio/x-mpeg-3
    audio/mpg audio/mpa video/mpeg video/mpg video/x-mpeg video/mp1s video/mp2p video/mp2t video/vnd.dlna.mpeg-tts
    video/webm audio/webm video/matroska audio/matroska video/x-matroska audio/x-matroska video/x-matroska-3d
    application/x-matroska video/ogg audio/ogg application/ogg audio/opus audio/vorbis audio/speex audio/x-speex
    audio/x-opus+ogg audio/x-vorbis+ogg audio/x-flac+ogg video/x-theora+ogg video/x-ogm+ogg audio/x-ogg
    video/x-ogg application/x-ogg audio/flac audio/x-flac audio/wav audio/wave audio/x-wav audio/vnd.wave
    audio/x-pn-wav video/x-msvideo video/avi video/msvideo video/vnd.avi video/vnd.divx application/x-troff-msvideo
    audio/aiff audio/x-aiff audio/x-caf audio/x-voc audio/midi audio/x-midi audio/mid application/x-midi
    audio/amr audio/amr-wb audio/x-amr audio/qcelp audio/ape audio/x-ape audio/x-monkeys-audio audio/wavpack
    audio/x-wavpack audio/x-musepack audio/musepack audio/x-dsf audio/x-dff audio/x-it audio/x-s3m audio/x-xm
    audio/ac3 audio/eac3 audio/vnd.dolby.dd-raw video/x-ms-asf audio/x-ms-asf application/vnd.ms-asf
    video/x-ms-asf-plugin video/x-ms-wmv audio/x-ms-wma video/x-ms-wm video/x-flv video/flv application/mxf
    application/vnd.rn-realmedia application/vnd.rn-realmedia-vbr audio/vnd.rn-realaudio
    audio/x-pn-realaudio audio/x-realaudio video/vnd.rn-realvideo video/mj2 image/mj2`,
  font: `
    font/ttf font/otf font/sfnt font/collection font/woff font/woff2 application/font-woff application/font-woff2
    application/x-font-woff application/x-font-woff2 application/font-sfnt application/x-font-ttf
    application/x-font-truetype application/font-ttf application/x-font-otf application/x-font-opentype
    application/font-otf application/vnd.ms-opentype application/vnd.ms-fontobject`,
  document: `
    application/pdf application/x-pdf application/acrobat application/x-bzpdf application/vnd.pdf
    applications/vnd.pdf text/pdf text/x-pdf image/pdf image/x-pdf application/illustrator
    application/vnd.adobe.illustrator application/postscript application/x-postscript application/ps
    application/eps application/x-eps image/eps image/x-eps application/rtf application/x-rtf text/rtf
    text/richtext
    application/epub+zip application/epub application/x-mobipocket-ebook
    application/vnd.amazon.ebook application/vnd.ms-htmlhelp application/x-chm application/x-indesign
    application/vnd.ms-xpsdocument application/oxps application/vnd.apple.keynote application/vnd.apple.numbers
    application/vnd.apple.pages application/x-iwork-keynote-sffkey application/x-iwork-numbers-sffnumbers
    application/x-iwork-pages-sffpages`,
  archive: `
    application/zip application/x-zip application/x-zip-compressed application/zip-compressed multipart/x-zip
    application/gzip application/x-gzip application/gzip-compressed application/gzipped application/x-gunzip
    application/x-tgz application/tgz application/x-gtar application/x-gtar-compressed
    application/x-compressed-tar application/x-tar application/tar application/x-ustar application/x-tar-gz
    application/x-compressed application/x-rar application/x-rar-compressed application/vnd.rar application/rar
    application/x-7z-compressed application/7z application/x-7z application/x-bzip application/x-bzip2
    application/bzip2 application/x-bz2 application/x-bzip-compressed-tar application/x-bzip2-compressed-tar
    application/x-xz application/xz application/x-xz-compressed-tar application/zstd application/x-zstd
    application/x-zstd-compressed-tar application/x-lz4 application/x-lz4-compressed-tar application/lzip
    application/x-lzip application/x-lzip-compressed-tar application/x-compress application/x-lzh-compressed
    application/x-lzh application/x-lha application/lha application/vnd.ms-cab-compressed application/x-cab
    application/x-arj application/x-ace-compressed application/x-ace application/x-unix-archive application/x-archive
    application/x-deb application/vnd.debian.binary-package application/x-debian-package
    application/x-rpm application/x-redhat-package-manager application/x-cpio application/x-asar
    application/java-archive application/x-java-archive application/x-jar
    application/vnd.android.package-archive application/x-xpinstall application/x-google-chrome-extension
    application/x-chrome-extension`,
  executable: `
    application/x-msdownload application/vnd.microsoft.portable-executable application/x-dosexec
    application/x-ms-dos-executable application/x-msdos-program application/x-msdos-windows
    application/msdos-windows application/dos-exe application/exe application/x-exe application/x-winexe
    application/x-elf application/x-executable application/x-sharedlib application/x-pie-executable
    application/x-object application/x-mach-binary application/x-mach-o-executable application/java-vm
    application/x-java application/x-java-vm application/java application/wasm application/x-shockwave-flash
    application/vnd.adobe.flash.movie application/x-msi application/x-ms-installer application/x-ms-shortcut`,
  data: `
    application/x-sqlite3 application/vnd.sqlite3 application/x-sqlite application/sqlite3
    application/vnd.apache.parquet application/x-parquet application/parquet
    application/avro application/vnd.apache.avro application/vnd.apache.arrow.file application/vnd.tcpdump.pcap
    application/x-pcap application/vnd.iccprofile application/x-spss-sav application/x-jmp-data
    application/x-esri-shape application/x-mie application/x-nintendo-nes-rom
    application/x-ft-windows-registry-hive application/x-ft-apple.alias`,
}

/** The family of types that have no signature and whose first word does not tell it. */
const other: Partial<Record<Family, string>> = {
  'vector image': `
    image/emf image/x-emf application/emf application/x-emf image/wmf image/x-wmf application/wmf
    application/x-wmf application/x-msmetafile windows/metafile image/vnd.dxf image/x-dxf application/dxf
    application/x-dxf image/cgm`,
  archive: 'application/x-iso9660-image application/x-cd-image application/x-apple-diskimage',
}

/** Types of text outside `text/`, besides those that end with `+json` or `+xml`. */
const texts = namesOf(`
  application/json application/x-json application/ndjson application/x-ndjson application/jsonl
  application/jsonlines application/x-jsonlines application/geojson application/xml application/xhtml
  application/xml-dtd application/javascript application/x-javascript application/ecmascript application/x-ecmascript
  application/typescript application/x-typescript application/sql application/x-sql application/csv
  application/x-csv application/toml application/yaml application/x-yaml application/x-sh application/x-csh
  application/x-shellscript application/x-php application/x-httpd-php application/x-perl application/x-python
  application/x-ruby application/x-ms-regedit application/ics application/pgp-encrypted application/pgp-keys
  application/pgp-signature application/x-tex application/x-latex`)
const textSuffixes = ['+json', '+xml', '-xml']

const byName = new Map<string, Pick<Format, 'family' | 'isRecognisable'>>()
for (const [table, isRecognisable] of [
  [other, false],
  [recognisable, true],
] as const)
  for (const [family, names] of Object.entries(table) as [Family, string][])
    for (const name of namesOf(names)) byName.set(name, { family, isRecognisable })

const byFirstWord = new Map<string, Family>([
  ['image', 'raster image'],
  ['audio', 'audio or video'],
  ['video', 'audio or video'],
  ['font', 'font'],
  ['model', 'vector image'],
])

/** What the gateway knows of a type. `essence` has no parameters and is in lower case. */
export function formatOf(essence: string): Format {
  return { ...kindOf(essence), containers: containersOf(essence) }
}

function kindOf(essence: string): Pick<Format, 'family' | 'isRecognisable'> {
  const named = byName.get(essence)
  if (named !== undefined) return named
  if (isOfficeDocument(essence)) return { family: 'document', isRecognisable: true }
  if (/^application\/(x-)?font-/.test(essence)) return { family: 'font', isRecognisable: false }
  if (isText(essence)) return { family: 'text', isRecognisable: true }
  return { family: byFirstWord.get(essence.slice(0, essence.indexOf('/'))) ?? null, isRecognisable: false }
}

function isText(essence: string): boolean {
  return (
    essence.startsWith('text/') ||
    texts.has(essence) ||
    textSuffixes.some((suffix) => essence.endsWith(suffix))
  )
}
