"""Spanish words: the lexicon of the Spanish grammar, the more frequent first in each list.

A noun is a lemma and its gender: `Masc`, `Fem`, `Pair` (two forms, `maestro` and `maestra`) or
`Both` (one form, `el artista` and `la artista`).
"""

from itertools import zip_longest

Noun = tuple[str, str]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _nouns(**by_gender: str) -> tuple[Noun, ...]:
    columns = [[(word, g) for word in text.split()] for g, text in by_gender.items()]
    return tuple(noun for row in zip_longest(*columns) for noun in row if noun)


NOUNS = {
    "person": _nouns(
        Pair="""maestro niño amigo médico alumno vecino hermano abuelo hijo profesor tío primo
        abogado cocinero escritor enfermero pintor doctor ingeniero camarero director jardinero
        panadero bailarín carpintero científico muchacho viajero compañero músico vendedor
        pasajero lector secretario granjero""",
        Both="artista estudiante periodista dentista cantante turista gerente pianista",
        Masc="hombre padre rey marido soldado",
        Fem="mujer madre reina bruja actriz",
    ),
    "animal": _nouns(
        Pair="perro gato pato lobo oso mono ratón león",
        Masc="caballo pájaro pez elefante tigre conejo toro búho zorro",
        Fem="vaca oveja gallina paloma abeja mariposa tortuga serpiente rana ballena",
    ),
    "thing": _nouns(
        Masc="""libro coche reloj vaso sombrero zapato lápiz plato cuchillo paraguas espejo teléfono
        barco anillo tambor balón cuadro sillón cajón martillo vestido cinturón piano papel""",
        Fem="""llave mesa caja silla puerta ventana lámpara camisa botella bicicleta cámara maleta
        guitarra cuchara taza moneda cuerda cruz manta pelota escalera radio flor máquina""",
    ),
    "food": _nouns(
        Masc="huevo pan tomate pastel queso limón melón plátano pescado bocadillo jamón",
        Fem="manzana naranja patata sopa pera galleta cebolla fresa nuez tortilla sandía",
    ),
    "place": _nouns(
        Masc="""jardín pueblo parque mercado museo hospital bosque río puente hotel castillo teatro
        puerto valle lago café país camino almacén barrio""",
        Fem="""casa ciudad calle escuela plaza iglesia playa biblioteca cocina oficina fábrica
        estación montaña isla torre granja tienda universidad""",
    ),
    "text": _nouns(
        Masc="cuento poema informe artículo diario discurso análisis mensaje ensayo guion himno",
        Fem="carta canción novela historia noticia tesis lista lección revista receta frase",
    ),
    "event": _nouns(
        Masc="""viaje concierto partido juego examen baile proyecto festival paseo curso debate
        experimento""",
        Fem="""fiesta reunión clase carrera crisis guerra boda excursión elección visita cena
        conferencia""",
    ),
}

ADJECTIVES = {
    "person": _words(
        """joven alto feliz triste amable listo cansado rico pobre valiente tranquilo contento
        español francés inglés alemán trabajador enfermo delgado serio simpático generoso tímido
        famoso hablador curioso elegante inteligente orgulloso paciente responsable optimista"""
    ),
    "animal": _words("salvaje negro hambriento lento rápido gordo feroz dócil gris veloz marrón"),
    "thing": _words(
        """rojo roto verde azul barato caro sucio limpio vacío lleno redondo útil pesado ligero
        amarillo blanco moderno metálico frágil cómodo brillante rosado estrecho"""
    ),
    "food": _words("fresco dulce caliente frío rico delicioso picante amargo saludable maduro"),
    "place": _words(
        """grande tranquilo oscuro antiguo seguro lejano hermoso ruidoso peligroso enorme abierto
        cerrado público central histórico"""
    ),
    "text": _words("corto gracioso aburrido famoso difícil fácil breve interesante romántico"),
    "event": _words("largo terrible importante anual divertido secreto final reciente alegre"),
}
COMMON_ADJECTIVES = _words("grande pequeño nuevo viejo bonito extraño feo bueno malo increíble")
"""Adjectives that go with every kind of noun."""
TWO_ENDINGS = frozenset(_words("español francés inglés alemán trabajador hablador"))
"""Adjectives in a consonant that still have a feminine of their own."""
STATES = frozenset(
    _words("cansado contento enfermo roto sucio limpio vacío lleno caliente frío abierto cerrado")
)
"""Adjectives that go with `estar`."""

VERBS = {
    "act": _words(
        """cantar dormir bailar trabajar correr jugar reír llorar nadar saltar descansar gritar
        esperar sonreír soñar hablar toser desaparecer caer respirar temblar estornudar pelear
        sufrir crecer mentir madrugar"""
    ),
    "handle": _words(
        """comprar llevar encontrar vender romper limpiar usar guardar mover cortar perder traer
        pintar lavar robar tirar reparar elegir tocar tomar cerrar abrir recoger contar quemar
        prestar envolver necesitar buscar colgar poner tener golpear levantar esconder agarrar
        cambiar pagar medir empujar"""
    ),
    "consume": _words(
        "comer preparar probar cocinar servir compartir freír pelar ofrecer congelar pedir mezclar"
    ),
    "meet": _words(
        """ver ayudar conocer querer seguir llamar recordar saludar enseñar proteger abrazar
        invitar entender perdonar cuidar escuchar odiar despertar perseguir felicitar"""
    ),
    "reach": _words(
        "visitar cruzar explorar dejar abandonar descubrir evitar fotografiar construir recorrer"
    ),
    "move": _words("llegar ir volver caminar viajar subir regresar bajar"),
    "compose": _words(
        "leer escribir publicar traducir describir estudiar olvidar terminar copiar corregir"
    ),
    "plan": _words("organizar empezar preparar disfrutar celebrar suspender planear comentar"),
    "occur": _words("empezar terminar continuar fracasar cambiar seguir acabar fallar"),
    "claim": _words("decir creer pensar saber notar explicar admitir anunciar asegurar repetir"),
    "wish": _words("querer desear esperar preferir necesitar"),
    "intend": _words("intentar decidir prometer lograr evitar saber conseguir"),
}

ARGUMENTS = {
    "act": (("person", "person", "animal"), ()),
    "handle": (("person",), ("thing",)),
    "consume": (("person",), ("food",)),
    "meet": (("person", "person", "animal"), ("person", "animal")),
    "reach": (("person",), ("place",)),
    "move": (("person", "person", "animal"), ()),
    "compose": (("person",), ("text",)),
    "plan": (("person",), ("event",)),
    "occur": (("event",), ()),
    "claim": (("person",), ()),
    "wish": (("person",), ()),
    "intend": (("person",), ()),
}
"""For each frame of verbs, the kinds of noun that are its subject and its object."""

WOMEN = _words(
    """María Ana Lucía Carmen Elena Laura Isabel Marta Rosa Julia Sofía Teresa Clara Pilar Inés
    Nuria Paula Silvia"""
)
MEN = _words(
    """Juan Pedro Luis Carlos Miguel Pablo Antonio Javier Diego Jorge Andrés Manuel Rafael Tomás
    Felipe Óscar Hugo Mario"""
)
CITIES = _words(
    """Madrid Barcelona Sevilla Lima Bogotá Valencia Toledo Granada Quito México París Roma
    Londres Lisboa Berlín Italia Chile Francia Bilbao Cuba"""
)
WEEKDAYS = _words("lunes martes miércoles jueves viernes sábado domingo")

MANNER = _words(
    """bien despacio mal rápidamente lentamente tranquilamente fácilmente felizmente tristemente
    cuidadosamente aquí allí amablemente silenciosamente nerviosamente pacientemente alegremente
    secretamente cerca lejos dentro fuera perfectamente orgullosamente suavemente claramente
    torpemente inmediatamente seriamente dulcemente elegantemente locamente hábilmente"""
)
FREQUENCY = _words("siempre también todavía ya apenas casi solo")
DEGREE = _words("muy bastante demasiado tan realmente poco")
COMMENT = _words("quizá afortunadamente además entonces evidentemente finalmente curiosamente")

NUMBERS = _words(
    """dos tres cuatro cinco seis diez siete ocho nueve doce veinte once trece catorce quince
    treinta cuarenta cincuenta 12 15 18 24 25 30 36 40 48 75 90"""
)
UNITS = (("día", "Masc"), ("semana", "Fem"), ("mes", "Masc"), ("año", "Masc"), ("noche", "Fem"))
STRETCHES = (
    *(("semana", "Fem"), ("mes", "Masc"), ("año", "Masc"), ("verano", "Masc")),
    *(("primavera", "Fem"), ("invierno", "Masc")),
)

PERSONS = (
    ("él", "3", "Sing", "Masc"),
    ("ella", "3", "Sing", "Fem"),
    ("ellos", "3", "Plur", "Masc"),
    ("ellas", "3", "Plur", "Fem"),
    ("yo", "1", "Sing", None),
    ("nosotros", "1", "Plur", "Masc"),
    ("nosotras", "1", "Plur", "Fem"),
    ("yo", "1", "Sing", None),
)
INSIDE = {
    "person": ("con", "de"),
    "animal": ("de", "con"),
    "thing": ("de", "sobre", "sin", "en"),
    "food": ("en", "con"),
    "place": ("de", "con", "sin"),
    "text": ("sobre", "de", "para"),
    "event": ("de", "para", "con"),
}
OF_NOUNS = {
    "person": ("thing", "place"),
    "animal": ("person", "place"),
    "thing": ("person", "place"),
    "food": ("thing",),
    "place": ("person", "thing"),
    "text": ("person", "animal"),
    "event": ("person",),
}
"""For each kind of noun, the prepositions that may follow it, and the kinds that follow these."""
