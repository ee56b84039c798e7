/** A file as the text it is. */
declare module '*?raw' {
  const text: string
  export default text
}

interface ImportMeta {
  /** Vite's, where every file is read at once. */
  glob<Module>(
    patterns: readonly string[],
    options: { query: string; import: 'default'; eager: true },
  ): Record<string, Module>
}
