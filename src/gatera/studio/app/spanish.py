"""What the studio writes, in Spanish: the page's own words stand in words_studio.js, sentences of the server here.

A hole, {}, stands for what differs: a name, a number. Texts of the library or the system within stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from gatera.core.errors import GateraError
from gatera.web.errors import Refused, status_of

#: Keys of answers whose texts people read.
READ = frozenset({"sentence", "words", "why", "problem", "said"})

_SENTENCES = {
    # what cannot be done
    "the studio was started again with other items. Load this page again.": "el estudio se inició de nuevo con otros elementos. Cargue esta página otra vez.",
    "there is nothing to undo since the last commit.": "no hay nada que deshacer desde la última vez que se terminó.",
    "there is nothing to redo.": "no hay nada que rehacer.",
    "the folder {} no longer exists.": "la carpeta {} ya no está.",
    "Put it back, then press the key again.": "Devuélvala a su sitio y pulse la tecla otra vez.",
    "{} cannot be written ({}).": "no se puede escribir {} ({}).",
    "{} cannot be read ({}).": "no se puede leer {} ({}).",
    "This decision was not saved. Free some disk space, then press the key again.": "Esta decisión no se guardó. Haga sitio y pulse la tecla otra vez.",
    "This drawing was not saved. Free some disk space, then press the key again.": "Este dibujo no se guardó. Haga sitio y pulse la tecla otra vez.",
    "{} is not the file that was opened.": "{} no es el archivo que se abrió.",
    "This decision was not saved. Start the studio again, then press the key again.": "Esta decisión no se guardó. Inicie el estudio de nuevo y pulse la tecla otra vez.",
    "It is unchanged. Free some disk space, or make it writable.": "Está como estaba. Haga sitio o permita escribir en él.",
    "It is unchanged, and what was drawn stays in the journal. Free some disk space, or make it writable, then finish again.": "Está como estaba, y lo dibujado sigue en el diario. Haga sitio o permita escribir en él, y termine otra vez.",
    "Free some disk space, or make it writable.": "Haga sitio o permita escribir en él.",
    "the labels are written, but {}. Nothing is lost. Free some disk space, then finish again.": "las etiquetas están escritas, pero {}. No se perdió nada. Haga sitio y termine otra vez.",
    "{} has labels, but no git repository that keeps them. The labels stay. Make one: {}": "{} tiene etiquetas, pero ningún repositorio de git que las guarde. Las etiquetas siguen ahí. Cree uno: {}",
    "what items look like is not known yet.": "aún no se sabe qué aspecto tienen los elementos.",
    "Press Train again, or start the studio with --program PROGRAM.": "Pulse Entrenar de nuevo, o inicie el estudio con --program PROGRAMA.",
    "Press Train again.": "Pulse Entrenar de nuevo.",
    "this cannot be a label.": "esto no puede ser una etiqueta.",
    "the name of a person is needed.": "hace falta el nombre de una persona.",
    "{} is working in another studio on the same data. Work there, or say who you are here: {}": "{} trabaja en otro estudio con los mismos datos. Siga allí, o diga aquí quién es: {}",
    "the note is too long.": "la nota es demasiado larga.",
    "the filter is too long.": "el filtro es demasiado largo.",
    "Got: {} characters.": "Recibido: {} caracteres.",
    "Expected: {} to {} printable characters.": "Se esperaba: de {} a {} caracteres imprimibles.",
    "you changed the mask of {} in another tab. Look at it again, then draw.": "usted cambió la máscara de {} en otra pestaña. Mírela otra vez y dibuje.",
    "you gave {} other labels in another tab. They are shown now: decide again.": "usted dio a {} otras etiquetas en otra pestaña. Se muestran ahora: decida otra vez.",
    "you gave {} other points in another tab. They are shown now: decide again.": "usted dio a {} otros puntos en otra pestaña. Se muestran ahora: decida otra vez.",
    "somebody else changed the mask of {} meanwhile. Look at it again, then draw.": "otra persona cambió la máscara de {} entretanto. Mírela otra vez y dibuje.",
    "{} has no mask yet. Draw it first.": "{} aún no tiene máscara. Dibújela primero.",
    "it is already running. Wait until it has ended.": "ya está en marcha. Espere a que termine.",
    "there are too few labels to train on. Got: {} label": "hay muy pocas etiquetas para entrenar. Recibido: {} etiqueta",
    "Expected: {} labels, of two classes.": "Se esperaba: {} etiquetas, de dos clases.",
    "the studio trains on labels, and these photos have masks. Train on masks with {}": "el estudio entrena con etiquetas, y estas fotos tienen máscaras. Entrene con máscaras: {}",
    "this studio cannot train. Start it with {}, without --program.": "este estudio no puede entrenar. Inícielo con {}, sin --program.",
    "only networks for photos and recordings are shown.": "solo se muestran redes para fotos y grabaciones.",
    "none of the items can be read.": "no se puede leer ningún elemento.",
    "{} is too large for a text.": "{} es demasiado grande para un texto.",
    "Only the beginning of {} characters.": "Solo el comienzo de {} caracteres.",
    "Spans that do not fit the text: {}.": "Tramos que no caben en el texto: {}.",
    "Points outside the photo, lost if you move another: {}.": "Puntos fuera de la foto, que se pierden si mueve otro: {}.",
    "Somebody else placed these points since you did; yours were {}. Move one to decide.": "Otra persona colocó estos puntos después que usted; los suyos eran {}. Mueva uno para decidir.",
    "This file was replaced since you decided: look again, and decide again.": "Este archivo se cambió después de que usted decidiera: vuelva a mirar y a decidir.",
    "This text is not in UTF-8: what cannot be read is shown as {}.": "Este texto no está en UTF-8: lo que no se puede leer se muestra como {}.",
    # what became of it
    "Nothing has been decided since the last time.": "No se decidió nada desde la última vez.",
    "Nothing to commit: the labels are unchanged.": "Nada que confirmar: las etiquetas están como estaban.",
    "There were changes that are not committed, so these are not committed either; run gatera data commit.": "Había cambios sin confirmar, así que estos tampoco se confirmaron; ejecute gatera data commit.",
    "{} labels written.": "{} etiquetas escritas.", "{} label written.": "{} etiqueta escrita.",
    "{} has {} changed lines.": "{} tiene {} líneas cambiadas.", "{} has {} changed line.": "{} tiene {} línea cambiada.",
    "{} has {} changed rows (columns {})": "{} tiene {} filas cambiadas (columnas {})",
    "{} has {} changed row (columns {})": "{} tiene {} fila cambiada (columnas {})",
    "; {} is unchanged.": "; {} está como estaba.",
    "It also has the {} that the folders gave: where there is a labels.csv, gatera train reads nothing else.": "También tiene las de las carpetas ({}): donde hay un labels.csv, gatera train no lee nada más.",
    "{} items that others labelled differently, and have not finished. See the queue of disagreements.": "{} elementos que otros etiquetaron de otro modo y no han terminado. Vea la cola de desacuerdos.",
    "{} item that others labelled differently, and have not finished. See the queue of disagreements.": "{} elemento que otros etiquetaron de otro modo y no han terminado. Vea la cola de desacuerdos.",
    "{} items that others have changed in the meantime: not overwritten. See the queue of disagreements.": "{} elementos que otros cambiaron entretanto: no se sobrescriben. Vea la cola de desacuerdos.",
    "{} item that others have changed in the meantime: not overwritten. See the queue of disagreements.": "{} elemento que otros cambiaron entretanto: no se sobrescribe. Vea la cola de desacuerdos.",
    "Not written: {} whose files were replaced since, {} for one. Look again, and decide again.": "Sin escribir: {} cuyos archivos se cambiaron desde entonces, por ejemplo {}. Vuelva a mirar y a decidir.",
    "No longer there: {}; what was decided stays in the journal.": "Ya no están: {}; lo decidido sigue en el diario.",
    "{} new masks.": "{} máscaras nuevas.", "{} new mask.": "{} máscara nueva.",
    "{} masks replaced; the old ones are in {}": "{} máscaras sustituidas; las antiguas están en {}",
    "{} mask replaced; the old ones are in {}": "{} máscara sustituida; la antigua está en {}",
    "Committed {}: ": "Confirmado {}: ",
    "Trained on {} labels: {} guessed wrong in cross-validation ({} %, 95 % interval {} to {}).": "Entrenado con {} etiquetas: {} mal supuestas, cada una juzgada sin ella ({} %, intervalo del 95 %: {} a {}).",
    "{} labels look wrong.": "{} etiquetas parecen erróneas.", "{} label looks wrong.": "{} etiqueta parece errónea.",
    "{} of {} predictions differ from the labels, and one label for all would in {}: too many to say which labels are wrong.": "{} de {} predicciones difieren de las etiquetas, y una misma etiqueta para todos lo haría en {}: demasiadas para decir qué etiquetas son erróneas.",
    "{} items could not be read.": "{} elementos no se pudieron leer.", "{} item could not be read.": "{} elemento no se pudo leer.",
    "The features could not be saved ({}), so training again will take as long. Free some disk space.": "Lo calculado no se guarda ({}), así que la próxima vez tardará lo mismo. Haga sitio.",
    "Stopped.": "Detenido.",
    "reading the items": "leyendo los elementos", "fitting the head": "ajustando la cabeza",
    "{} is looking at the items": "{} mira los elementos",
    "{} looked at {} items": "{} miró {} elementos", "; {} could not be read": "; {} no se pudieron leer",
    "{} labels look wrong to it; it may have learned from them.": "{} etiquetas le parecen erróneas; puede haber aprendido de ellas.",
    "{} guesses; press Train again to measure labels.": "Supone {}; pulse Entrenar de nuevo para medir etiquetas.",
    "looks like {}, {} more probable": "parece {}, {} más probable",
    "the server did not know": "el servidor no lo sabía",
    "proposed by {}": "propuesta de {}", "functions say {}": "las funciones dicen {}", "{} disagree": "{} no coinciden",
    "Got: ": "Recibido: ", "Expected: ": "Se esperaba: ", "Available: ": "Disponible: ",
}  # fmt: skip


def _pattern(sentence: str) -> re.Pattern[str]:
    """A hole does not reach over the end of a sentence, but the last one takes the rest."""
    parts = [re.escape(part) for part in sentence.split("{}")]
    hole = r"((?:(?!\. [A-Z]).)+?)" if parts[-1] else r"(.+)"
    return re.compile(r"(?:(?<=\s)|(?<=^)|(?=[;]))" + hole.join(parts))


_TABLE = [
    (_pattern(sentence), words.replace("\\", r"\\").split("{}")) for sentence, words in _SENTENCES.items()
]


def in_spanish(text: str) -> str:
    """Return a text of the studio in Spanish; sentences that the table does not have stay.

    Example:
        >>> in_spanish("2 labels written. Nothing else.")
        '2 etiquetas escritas. Nothing else.'
    """
    for pattern, words in _TABLE:
        text = pattern.sub(lambda found, words=words: _filled(words, found.groups()), text)  # type: ignore[misc]
    return text


def _filled(words: list[str], holes: tuple[str, ...]) -> str:
    return words[0] + "".join(hole + rest for hole, rest in zip(holes, words[1:], strict=True))


def wants_spanish(request: Request) -> bool:
    """Whether the page that asks is in Spanish."""
    return request.query_params.get("lang") == "es"


def spoken(request: Request, value: Any) -> Any:
    """Return an answer in the language of the page that asks."""
    return _translated(value) if wants_spanish(request) else value


def _translated(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: each if name == "row" else _translated(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_translated(each) for each in value]
    return in_spanish(value) if key in READ and isinstance(value, str) else value


def said_in_language(error: GateraError, scope: Any) -> GateraError:
    """Return an error in the language of the page that asks."""
    if not wants_spanish(Request(scope)):
        return error
    text = in_spanish(str(error))
    return Refused(status_of(error), text, headers=error.headers if isinstance(error, Refused) else {})
