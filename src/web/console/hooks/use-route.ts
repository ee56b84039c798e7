import { useStore } from './use-store'

const hashStore = {
  get: () => location.hash,
  subscribe(listener: () => void): () => void {
    addEventListener('hashchange', listener)
    return () => removeEventListener('hashchange', listener)
  },
}

/** The parts of the address behind `#`: `#files/file_1` is `['files', 'file_1']`. */
export function useRoute(): readonly string[] {
  return useStore(hashStore).slice(1).split('/')
}
