// Points on a photo: dragged, or moved by arrows. A double click, or tap, adds one or removes the one there; so do + and Delete (Backspace on a Mac).
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** What the arrow keys change of a place. */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Where an event is in a box, as shares of its width and height. */
export function share(event, box) {
  const { left, top, width, height } = box.getBoundingClientRect();
  return [(event.clientX - left) / width, (event.clientY - top) / height].map(within);
}

const within = (x) => Math.min(1, Math.max(0, x));

/** Add a point in the middle, ready to be moved. */
export let addPoint;

/** Draw the points of an item over its photo. `keep` is called with all of them after a change. */
export function drawPoints(frame, item, keep) {
  const svg = document.createElementNS(SVG, "svg");
  svg.role = "group";
  svg.ariaLabel = say("points");
  const points = item.points.map((point) => [...point]);

  function draw(focus) {
    svg.replaceChildren();
    points.forEach((point, n) => {
      const circle = document.createElementNS(SVG, "circle");
      const put = () => ["cx", "cy"].forEach((name, axis) => circle.setAttribute(name, `${100 * points[n][axis]}%`));
      put();
      circle.setAttribute("r", "8");
      circle.tabIndex = 0;
      circle.role = "img";
      circle.ariaLabel = `${n + 1}: ${point.map((x) => x.toFixed(2)).join(", ")}`;
      circle.onpointerdown = (event) => {
        circle.setPointerCapture(event.pointerId);
        circle.onpointermove = (moved) => {
          if (points[n] === point && Math.hypot(moved.clientX - event.clientX, moved.clientY - event.clientY) < 3) return; // hands tremble
          points[n] = share(moved, svg);
          put();
        };
        circle.onlostpointercapture = () => {
          circle.onpointermove = null;
          if (points[n] === point) return;
          draw(n);
          keep(points);
        };
      };
      circle.onkeydown = (event) => {
        const steps = ARROWS[event.key];
        if (["Delete", "Backspace"].includes(event.key)) change(n, n, 1);
        else if (steps) change(n, n, 1, point.map((x, axis) => within(x + steps[axis] / 200)));
        else return;
        event.preventDefault();
        event.stopPropagation();
      };
      svg.append(circle);
      if (n === focus) circle.focus();
    });
  }

  function change(focus, ...places) {
    points.splice(...places);
    draw(focus);
    keep(points);
  }

  svg.ondblclick = (event) => {
    const hit = [...svg.children].indexOf(event.target);
    if (hit < 0) change(hit, points.length, 0, share(event, svg));
    else change(hit, hit, 1);
  };
  addPoint = () => change(points.length, points.length, 0, [0.5, 0.5]);
  draw();
  frame.append(svg);
}
