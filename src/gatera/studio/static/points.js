// Points on a photo: drag them, double click adds one, Delete removes the one in focus; arrows move it.
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** Draw the points of an item over its photo. `keep` is called with all of them after a change. */
export function drawPoints(frame, item, keep) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", say("points"));
  const points = item.points.map((point) => [...point]);

  const place = (event) => {
    const box = svg.getBoundingClientRect();
    const share = (at, low, size) => Math.min(1, Math.max(0, (at - low) / size));
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  };

  function draw(focus) {
    svg.replaceChildren();
    points.forEach((point, n) => {
      const circle = document.createElementNS(SVG, "circle");
      circle.setAttribute("cx", `${100 * point[0]}%`);
      circle.setAttribute("cy", `${100 * point[1]}%`);
      circle.setAttribute("r", "8");
      circle.setAttribute("tabindex", "0");
      circle.setAttribute("role", "img");
      circle.setAttribute("aria-label", `${n + 1}: ${point.map((x) => x.toFixed(2)).join(", ")}`);
      circle.addEventListener("pointerdown", (event) => {
        circle.setPointerCapture(event.pointerId);
        circle.onpointermove = (moved) => {
          points[n] = place(moved);
          circle.setAttribute("cx", `${100 * points[n][0]}%`);
          circle.setAttribute("cy", `${100 * points[n][1]}%`);
        };
        circle.onpointerup = () => {
          circle.onpointermove = circle.onpointerup = null;
          keep(points);
        };
      });
      circle.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (event.key === "Delete") points.splice(n, 1);
        else if (steps) points[n] = point.map((x, axis) => Math.min(1, Math.max(0, x + steps[axis] / 200)));
        else return;
        event.preventDefault();
        event.stopPropagation();
        draw(n);
        keep(points);
      });
      svg.append(circle);
      if (n === focus) circle.focus();
    });
  }

  svg.addEventListener("dblclick", (event) => {
    points.push(place(event));
    draw();
    keep(points);
  });
  draw();
  frame.append(svg);
}
