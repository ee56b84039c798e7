import { useEffect, useState } from 'preact/hooks'

/** A value outside of the components, which tells when it changes. */
export type Store<Value> = { get(): Value; subscribe(listener: () => void): () => void }

/** The value of `store`, now and after every change. */
export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState(() => store.get())
  useEffect(() => {
    const update = () => setValue(() => store.get())
    update()
    return store.subscribe(update)
  }, [store])
  return value
}
