// A signature drawn with a finger, a pen or the mouse.  What is kept are its lines, on a grid of 1000 by 300.
const pad = document.querySelector("[data-signature]");
const kept = document.querySelector("[data-strokes]");
if (pad && kept) {
  pad.hidden = false;
  const canvas = pad.querySelector("canvas");
  const pen = canvas.getContext("2d");
  let strokes = [];
  try { strokes = JSON.parse(kept.value || "[]"); } catch { strokes = []; }
  let line = null;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * 1000);
    const y = Math.round(((event.clientY - box.top) / box.height) * 300);
    return [Math.max(0, Math.min(1000, x)), Math.max(0, Math.min(300, y))];
  };
  const draw = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 6;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of strokes) {
      pen.beginPath();
      stroke.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (stroke.length === 1) pen.lineTo(stroke[0][0] + 1, stroke[0][1]);
      pen.stroke();
    }
  };
  const keep = () => { kept.value = strokes.length ? JSON.stringify(strokes) : ""; };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    line = [place(event)];
    strokes.push(line);
    draw();
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!line) return;
    const [x, y] = place(event);
    const [a, b] = line[line.length - 1];
    if (Math.abs(x - a) + Math.abs(y - b) >= 4) { line.push([x, y]); draw(); }
  });
  const lift = () => { line = null; keep(); };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  pad.querySelector("[data-clear]").addEventListener("click", () => { strokes = []; keep(); draw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
}
