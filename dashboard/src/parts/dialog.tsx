// A dialog before something is done that cannot be undone: the browser's own, which holds the focus and listens to Escape.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A dialog that is open as long as it is there. */
export function Dialog(props: {
  readonly title: string;
  /** Whether there are lines of files in it. */
  readonly isBroad?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const place = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  useEffect(() => {
    const dialog = place.current;
    dialog?.showModal();
    return () => {
      isGone.current = true;
      dialog?.close();
    };
  }, []);
  // Because the browser tells the end of a dialog later, when another may stand in its place.
  const onClose = () => {
    if (!isGone.current) props.onClose();
  };
  return (
    <dialog
      ref={place}
      class={props.isBroad === true ? 'is-broad' : ''}
      onClose={onClose}
      aria-labelledby="dialog-title"
    >
      <h2 id="dialog-title">{props.title}</h2>
      {props.children}
    </dialog>
  );
}
