import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { rowsInSight } from './model/window.ts';

/** Lets a list of any length be scrolled through while only the rows in sight exist. */
export function useRows(count: number, rowHeight: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ scrollTop: 0, height: 800 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const look = () => setSeen({ scrollTop: element.scrollTop, height: element.clientHeight });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  /** Brings a row into sight, in the middle if it was far away. */
  const reveal = (index: number) => {
    const element = scroller.current;
    if (element === null || index < 0) return;
    const { scrollTop, clientHeight } = element;
    const [top, bottom] = [index * rowHeight, (index + 1) * rowHeight];
    if (top >= scrollTop && bottom <= scrollTop + clientHeight) return;
    const isNear =
      top > scrollTop - 3 * rowHeight && bottom < scrollTop + clientHeight + 3 * rowHeight;
    if (!isNear) element.scrollTop = top - clientHeight / 2;
    else element.scrollTop = top < scrollTop ? top : bottom - clientHeight;
  };
  return { scroller, reveal, ...rowsInSight({ count, rowHeight, ...seen }) };
}

/** Calls `act` with the latest value once no other came for a while, and when the page is left. */
export function useSettled<T>(value: T, act: (value: T) => void, afterMs = 150): void {
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return undefined;
    }
    const timer = setTimeout(() => act(value), afterMs);
    return () => clearTimeout(timer);
  }, [value]);
}
